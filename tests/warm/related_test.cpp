// What an author is known for, and who else is.
#include "warm/related.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/normal_text.h"

namespace larder::warm::related_test {
namespace {

const NormalText normal_text = sim::normal_text;

origin::Work work_on(std::vector<std::string> subjects) {
  origin::Work work;
  work.title = "A Title";
  work.subjects = std::move(subjects);
  return work;
}

origin::Work work_by(std::vector<std::string> authors) {
  origin::Work work;
  work.title = "A Title";
  work.authors = std::move(authors);
  return work;
}

std::string subject_of(const std::vector<std::string>& subjects) {
  return telling_subject({work_on(subjects)}, normal_text);
}

std::string names_of(const std::vector<Person>& people) {
  std::vector<std::string> names;
  for (const Person& person : people) {
    EXPECT_FALSE(person.key.empty());
    names.push_back(person.name);
  }
  return join(names, ", ");
}

TEST(Subject, IsWhatMostWorksHave) {
  const std::vector<origin::Work> works = {
      work_on({"Salt", "Fantasy", "Orchards"}),
      work_on({"Poetry", "Poetry.", "POETRY", "English poetry"}),
      work_on({"fantasy fiction", "Fiction, fantasy, epic"}),
  };
  EXPECT_EQ(telling_subject(works, normal_text), "fantasy");
  const std::vector<origin::Work> reversed(works.rbegin(), works.rend());
  EXPECT_EQ(telling_subject(reversed, normal_text), "fantasy");
}

TEST(Subject, OfEqualsIsTheOneNamedMostThenTheFirstByTheAlphabet) {
  EXPECT_EQ(subject_of({"Courtship", "Fantasy", "Fiction, fantasy, general"}), "fantasy");
  EXPECT_EQ(subject_of({"Salt", "Orchards"}), "orchards");
  EXPECT_EQ(subject_of({"Orchards", "Salt"}), "orchards");
}

TEST(Subject, IsFoundInHeadingsOfEveryShape) {
  for (const std::string heading :
       {"Science fiction", "SCIENCE FICTION", "science  fiction.", "Fiction, science fiction, general",
        "FICTION / Science Fiction / Space Opera", "Fiction -- Science fiction", "Science-fiction",
        "American Science fiction", "Juvenile Fiction / Science Fiction", "Science fiction, English"}) {
    EXPECT_EQ(subject_of({heading}), "science fiction") << heading;
  }
  EXPECT_EQ(subject_of({"Fiction, historical, general"}), "historical fiction");
  EXPECT_EQ(subject_of({"Fiction, mystery & detective, women sleuths"}), "mystery");
  EXPECT_EQ(subject_of({"Biography & Autobiography / Literary"}), "biography");
  EXPECT_EQ(subject_of({"Comics & Graphic Novels / Superheroes"}), "graphic novels");
}

TEST(Subject, IsNoneOfWhatSaysNothing) {
  for (const std::string text : {"Fiction",
                                 "General",
                                 "Fiction, general",
                                 "Fiction, literary",
                                 "Juvenile fiction",
                                 "Children's fiction",
                                 "Large type books",
                                 "Accessible book",
                                 "Protected DAISY",
                                 "In library",
                                 "Lending library",
                                 "OverDrive",
                                 "nyt:hardcover-fiction=2015-10-25",
                                 "award:hugo_award=1966",
                                 "Hugo Award Winner",
                                 "New York Times bestseller",
                                 "New York Times reviewed",
                                 "Reading Level-Grade 9",
                                 "open_syllabus_project",
                                 "Long Now Manual for Civilization",
                                 "Internet Archive Wishlist",
                                 "American literature",
                                 "Fiction in English",
                                 "Translations into English",
                                 "Dune (Imaginary place)",
                                 "Dune (imaginary place), fiction",
                                 "Baggins, Bilbo (Fictitious character)",
                                 "London (England)",
                                 "England, fiction",
                                 "Great Britain",
                                 "Shakespeare, William",
                                 "Orphans, fiction",
                                 "World War, 1939-1945",
                                 "19th century",
                                 "History and criticism",
                                 "",
                                 " ",
                                 ".",
                                 ",",
                                 "/",
                                 "--",
                                 ", ,",
                                 "fiction,",
                                 "Fiction /",
                                 "-",
                                 "?!",
                                 "Fiction, *"}) {
    EXPECT_EQ(subject_of({text}), "") << text;
  }
  EXPECT_EQ(telling_subject({}, normal_text), "");
  EXPECT_EQ(telling_subject({work_on({})}, normal_text), "");
}

TEST(Subject, IsComparedWithoutCaseInAnyScript) {
  EXPECT_EQ(telling_subject({work_on({"Salt"}), work_on({"Фантастика", "Salt"}), work_on({"фантастика"}),
                             work_on({"ФАНТАСТИКА"})},
                            normal_text),
            "ФАНТАСТИКА");
}

TEST(Subject, IsAlwaysOneThatCanBeAskedFor) {
  // Whatever a catalogue holds: the answer is empty, or trimmed text in ASCII's lower case.
  std::string text;
  for (int i = 0; i < 256; ++i) {
    text.push_back(static_cast<char>(i % 96 + 32));
    const std::string subject = subject_of({text, text.substr(text.size() / 2)});
    EXPECT_EQ(subject, collapse_spaces(to_lower(subject)));
  }
}

TEST(Related, AreThoseWhoAreNamedMostThenThoseNamedFirst) {
  const std::vector<origin::Work> works = {
      work_by({"Bo Reed"}),
      work_by({"Ada Quill", "Cy Twist"}),
      work_by({"Cy Twist", "Various"}),
      work_by({"Dee Unwin", "Dee Unwin", "D. Unwin"}),
      work_by({"Unknown", "Quill, Ada", ""}),
  };
  EXPECT_EQ(names_of(most_named(works, {}, 9, normal_text)),
            "Ada Quill, Cy Twist, Bo Reed, Dee Unwin, D. Unwin");
  EXPECT_EQ(names_of(most_named(works, {}, 2, normal_text)), "Ada Quill, Cy Twist");
  EXPECT_EQ(names_of(most_named(works, {"ada quill", "bo reed"}, 2, normal_text)), "Cy Twist, Dee Unwin");
  EXPECT_EQ(names_of(most_named(works, {}, 0, normal_text)), "");
  EXPECT_EQ(names_of(most_named({}, {}, 5, normal_text)), "");
}

TEST(People, AreToldApartByTheirNormalForm) {
  const std::vector<Person> people = people_of(work_by({"J.R.R. Tolkien", "Anonymous", "¿?"}), normal_text);
  ASSERT_EQ(people.size(), 1U);
  EXPECT_EQ(people.front(), Person("jrr tolkien", "J.R.R. Tolkien"));
}

}  // namespace
}  // namespace larder::warm::related_test
