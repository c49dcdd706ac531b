#include "booklist/author_name.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/normal_text.h"

namespace larder::booklist::author_name_test {
namespace {

const NormalText normal_text = sim::normal_text;

// "Name" or "Name*" for a contributor, joined by " / ".
std::string people(std::string_view field, NameStyle style) {
  std::string joined;
  for (const AuthorName& name : read_authors(field, style, normal_text)) {
    joined += joined.empty() ? "" : " / ";
    joined += name.display;
    joined += name.role == AuthorRole::contributor ? "*" : "";
  }
  return joined;
}

struct PeopleCase {
  std::string_view field;
  std::string_view people;
};

void expect_people(NameStyle style, std::initializer_list<PeopleCase> cases) {
  for (const PeopleCase& each : cases) {
    EXPECT_EQ(people(each.field, style), each.people) << "of: " << each.field;
  }
}

TEST(AuthorName, OneNameAField) {
  expect_people(NameStyle::one,
                {
                    {"Frank Herbert", "Frank Herbert"},
                    {"  Ilona \t Andrews\n", "Ilona Andrews"},
                    {"Ursula\u00a0K.\u3000Le Guin", "Ursula K. Le Guin"},
                    {"\ufeffFrank\u200b Her\u00adbert\u200e", "Frank Herbert"},
                    {"Herbert, Frank", "Frank Herbert"},
                    {"Herbert,Frank", "Frank Herbert"},
                    {"Herbert, Frank.", "Frank Herbert"},
                    {"Le Guin, Ursula K.", "Ursula K. Le Guin"},
                    {"de la Cruz, Melissa", "Melissa de la Cruz"},
                    {"Tolkien, J.R.R.", "J.R.R. Tolkien"},
                    {"Martin Luther King, Jr.", "Martin Luther King Jr."},
                    {"King, Martin Luther, Jr.", "Martin Luther King Jr."},
                    {"Vonnegut Jr., Kurt", "Kurt Vonnegut Jr."},
                    {"Kurt Vonnegut Jr.", "Kurt Vonnegut Jr."},
                    {"Stanley, III, Robert", "Robert Stanley III"},
                    {"Doyle, Arthur Conan, Sir", "Sir Arthur Conan Doyle"},
                    {"Dickens, Charles, 1812-1870", "Charles Dickens"},
                    {"Bessel van der Kolk, M.D.", "Bessel van der Kolk"},
                    {"Siegel, Daniel J., M.D., Ph.D.", "Daniel J. Siegel"},
                    {"Robin Vale Marsh, PhD, RD, LDN", "Robin Vale Marsh"},
                    {"Marsh, Robin Vale, PhD, RD, XYZP", "Robin Vale Marsh"},
                    {"Robin Marsh, M.D., FACP", "Robin Marsh"},
                    {"R.E. Marshall, Jr.", "R.E. Marshall Jr."},
                    // Initials, not degrees or companies.
                    {"Quillon, J.D.", "J.D. Quillon"},
                    {"Quillon, M. A.", "M. A. Quillon"},
                    {"de la Quill, A.S.", "A.S. de la Quill"},
                    {"Quill, Ma", "Ma Quill"},
                    {"Orchard Enterprises, Inc.", "Orchard Enterprises Inc."},
                    {"Orchard Press, Ltd.", "Orchard Press Ltd."},
                    {"Orchard Media, LLC", "Orchard Media LLC"},
                    {"Orchard Verlag, GmbH", "Orchard Verlag GmbH"},
                    {"Editorial Orchard, S.A.", "Editorial Orchard S.A."},
                    {"Orchard Media, AG", "Orchard Media AG"},
                    {"Orchard, Pear & Plum, Inc.", "Orchard Pear & Plum Inc."},
                    {"Pear, Plum and Company", "Pear Plum and Company"},
                    {"Orchard, Berlin, Heidelberg", "Orchard"},
                    {"Orchard, New York, London, Paris", "Orchard"},
                    {"Quill, London", "London Quill"},
                    {"London, Jonah", "Jonah London"},
                    {"Anna Quill\nBen Reed\r\nCara Fisk", "Anna Quill / Ben Reed / Cara Fisk"},
                    {"Quill, Anna\nReed, Ben\n", "Anna Quill / Ben Reed"},
                    {"Plato\u2028Voltaire", "Plato / Voltaire"},
                    {"Quill,\nAnna", "Anna Quill"},
                    {"Anna Quill;\nBen Reed", "Anna Quill / Ben Reed"},
                    {"by by Anna Quill (x) (Translator)", "Anna Quill*"},
                    {"Smith, John, editor", "John Smith*"},
                    {"Gregory Rabassa (Translator)", "Gregory Rabassa*"},
                    {"Gregory Rabassa [Translator]", "Gregory Rabassa*"},
                    {"Rabassa, Gregory (trans.)", "Gregory Rabassa*"},
                    {"(Editor) Gardner Dozois", "Gardner Dozois*"},
                    {"Dave McKean (Illustrator, Author)", "Dave McKean"},
                    {"Dave McKean (Illustrator, Cover Artist)", "Dave McKean*"},
                    {"Neil Gaiman (Goodreads Author)", "Neil Gaiman"},
                    {"Ellis Peters (Edith Pargeter)", "Ellis Peters"},
                    {"Ellis Peters (Edith Par", "Ellis Peters"},
                    {"by Terry Pratchett", "Terry Pratchett"},
                    {"Translated by Gregory Rabassa", "Gregory Rabassa*"},
                    {"Byron Preiss", "Byron Preiss"},
                    {"Erich Gamma et al.", "Erich Gamma"},
                    {"Erich Gamma, et al.", "Erich Gamma"},
                    {"Erich Gamma and others", "Erich Gamma"},
                    {"Gabriel Garc\u00eda M\u00e1rquez", "Gabriel Garc\u00eda M\u00e1rquez"},
                    {"\u6751\u4e0a\u6625\u6a39", "\u6751\u4e0a\u6625\u6a39"},
                    {"\u0414\u043e\u0441\u0442\u043e\u0435\u0432\u0441\u043a\u0438\u0439, "
                     "\u0424\u0451\u0434\u043e\u0440",
                     "\u0424\u0451\u0434\u043e\u0440 "
                     "\u0414\u043e\u0441\u0442\u043e\u0435\u0432\u0441\u043a\u0438\u0439"},
                    {"50 Cent", "50 Cent"},
                    {"Dr. Seuss", "Dr. Seuss"},
                    {"Saint Augustine", "Saint Augustine"},
                    {"Voltaire", "Voltaire"},
                    {"Simon & Schuster", "Simon & Schuster"},
                    {"Terry Pratchett; Neil Gaiman", "Terry Pratchett / Neil Gaiman"},
                    {"Pratchett, Terry | Gaiman, Neil", "Terry Pratchett / Neil Gaiman"},
                    {"\u5218\u6148\u6b23\u3001\u97e9\u677e", "\u5218\u6148\u6b23 / \u97e9\u677e"},
                });
}

TEST(AuthorName, CommasBetweenPeople) {
  expect_people(
      NameStyle::comma_list,
      {
          {"Terry Pratchett, Neil Gaiman", "Terry Pratchett / Neil Gaiman"},
          {"Terry Pratchett,Neil Gaiman,", "Terry Pratchett / Neil Gaiman"},
          {"Plato, Voltaire", "Plato / Voltaire"},
          {"Martin Luther King, Jr., Coretta Scott King", "Martin Luther King Jr. / Coretta Scott King"},
          {"Daniel Siegel, MD, PhD, Tina Bryson", "Daniel Siegel / Tina Bryson"},
          {"Isaac Asimov, Gardner Dozois (Editor), Unknown", "Isaac Asimov / Gardner Dozois*"},
          {"Isaac Asimov, Gardner Dozois, editor", "Isaac Asimov / Gardner Dozois*"},
          {"Jr., Kurt Vonnegut", "Kurt Vonnegut"},
          {"Robin Vale Marsh, PhD, RD, LDN", "Robin Vale Marsh"},
          {"Robin Marsh, M.D., FACP, Ann Quill, XYZP", "Robin Marsh / Ann Quill / XYZP"},
          {"Orchard Enterprises, Inc., Ann Quill", "Orchard Enterprises Inc. / Ann Quill"},
          {"Orchard, Berlin, Heidelberg, Ann Quill", "Orchard / Ann Quill"},
          {"Ann Quill, London, Ben Reed", "Ann Quill / London / Ben Reed"},
          {"Ann Quill\nBen Reed", "Ann Quill / Ben Reed"},
          {"Ann Quill, Ben Reed (Editor, Translator), Cara Fisk [ed.]", "Ann Quill / Ben Reed* / Cara Fisk*"},
          {"", ""},
          {",,, ,", ""},
      });
}

TEST(AuthorName, PeopleToldApart) {
  expect_people(NameStyle::told_apart,
                {
                    {"Terry Pratchett, Neil Gaiman", "Terry Pratchett / Neil Gaiman"},
                    {"Terry Pratchett & Neil Gaiman", "Terry Pratchett / Neil Gaiman"},
                    {"Terry Pratchett and Neil Gaiman", "Terry Pratchett / Neil Gaiman"},
                    {"Margaret Weis, Tracy Hickman and Robert Krammes",
                     "Margaret Weis / Tracy Hickman / Robert Krammes"},
                    {"Ilona and Gordon Andrews", "Ilona and Gordon Andrews"},
                    {"Herbert, Frank", "Frank Herbert"},
                    {"Le Guin, Ursula K.", "Ursula K. Le Guin"},
                    {"van der Kolk, Bessel Anton", "Bessel Anton van der Kolk"},
                    {"King, Martin Luther, Jr.", "Martin Luther King Jr."},
                    {"Erich Gamma and others", "Erich Gamma"},
                    {"\u5218\u6148\u6b23, \u97e9\u677e", "\u5218\u6148\u6b23 / \u97e9\u677e"},
                    {"Herbert, Frank; Anderson, Kevin J.", "Frank Herbert / Kevin J. Anderson"},
                    {"ONE & Yusuke Quill", "ONE / Yusuke Quill"},
                    {"Yusuke Quill & ONE", "Yusuke Quill / ONE"},
                    {"ILONA & GORDON QUILL", "ILONA & GORDON QUILL"},
                    {"Ilona & Gordon Quill", "Ilona & Gordon Quill"},
                    {"Pear & Plum, Inc.", "Pear & Plum Inc."},
                    {"Robin Marsh, M.D. & Ann Quill, PhD, LDN", "Robin Marsh / Ann Quill"},
                    {"Orchard, Berlin, Heidelberg", "Orchard"},
                    {"Bell, Ilona (x & y) and Gordon Quill", "Ilona Bell / Gordon Quill"},
                });
}

TEST(AuthorName, AmpersandsBetweenPeople) {
  expect_people(NameStyle::ampersands,
                {
                    {"Ann Quill & Ben Reed & Tracey V. Fisk", "Ann Quill / Ben Reed / Tracey V. Fisk"},
                    {"ONE & Yusuke Quill", "ONE / Yusuke Quill"},
                    {"Plato & Xenophon", "Plato / Xenophon"},
                    {"Ann Quill, Ben Reed", "Ann Quill / Ben Reed"},
                    {"Quill, Ann & Reed, Ben", "Ann Quill / Ben Reed"},
                    {"Unknown", ""},
                });
}

// What is asked of an origin, and compared with its co-authors, must not depend on how often it was read.
TEST(AuthorName, AnAuthorsNameReadTwiceIsTheSame) {
  const std::string_view pieces[] = {
      "Quill",  "Ann",          "ONE",        "van der",       "J.",     "J.D.",    "Jr.",    "III",
      "PhD",    "RD",           "Inc.",       "GmbH",          "AG",     "Company", "Berlin", "Heidelberg",
      "Sir",    "Dr.",          "editor",     "(Editor)",      "[x & y", "(by",     ")",      "by",
      "et al.", "and others",   "Unknown",    "Various",       "author", "no name", "1812",   "Reed.",
      "Reed",   "\u6751\u4e0a", "\u00c9mile", "Translated by", "De",     "-",       "'",      "\u3001"};
  const std::string_view joints[] = {" ", " ", " ", ", ", ",", " & ", " and ", "; ", "|", "\n", " (", ") "};
  std::uint64_t state = 20261128;
  const auto draw = [&](std::size_t count) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>((state >> 33U) % count);
  };
  std::size_t names = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string field;
    for (std::size_t left = 1 + draw(7); left > 0; --left) {
      field += concat({pieces[draw(std::size(pieces))], joints[draw(std::size(joints))]});
    }
    for (const NameStyle style :
         {NameStyle::one, NameStyle::comma_list, NameStyle::told_apart, NameStyle::ampersands}) {
      for (const AuthorName& name : read_authors(field, style, normal_text)) {
        ++names;
        EXPECT_EQ(people(name.display, style), name.display) << field;
        EXPECT_EQ(people(name.display, NameStyle::one), name.display) << field;
      }
    }
  }
  EXPECT_GT(names, 40'000U);
}

TEST(AuthorName, NobodyIsNobody) {
  for (const std::string_view field : {"",
                                       " ",
                                       "Various",
                                       "VARIOUS",
                                       "various authors",
                                       "Various Author(s)",
                                       "Unknown",
                                       "Unknown Author",
                                       "Author, Unknown",
                                       "Unknown, Author",
                                       "Anonymous",
                                       "Anon.",
                                       "N/A",
                                       "n.a.",
                                       "NA",
                                       "None",
                                       "null",
                                       "-",
                                       "?",
                                       "???",
                                       "--",
                                       "1984",
                                       "12.50",
                                       "...",
                                       "AA.VV.",
                                       "VV. AA.",
                                       "(Editor)",
                                       "Editor",
                                       "et al.",
                                       "Varios",
                                       "An\u00f3nimo",
                                       "\u4f5a\u540d",
                                       "\u200b",
                                       "\u00a0",
                                       "\u2014",
                                       "TBD",
                                       "author, unknown",
                                       "Unknown, Unknown",
                                       "Unknown Unknown",
                                       "Various, Various",
                                       "Anonymous, Anonymous",
                                       "Autor desconocido",
                                       "Auteur inconnu",
                                       "Bad author - no name",
                                       "[Unknown]",
                                       "Unknown Author(s)",
                                       "Unknown and Various",
                                       "Author",
                                       "Autore sconosciuto",
                                       "\u041d\u0435\u0438\u0437\u0432\u0435\u0441\u0442\u0435\u043d",
                                       "Ok\u00e4nd",
                                       "Inc."}) {
    for (const NameStyle style :
         {NameStyle::one, NameStyle::comma_list, NameStyle::told_apart, NameStyle::ampersands}) {
      EXPECT_EQ(people(field, style), "") << field;
    }
  }
  EXPECT_EQ(people("Una Unknown", NameStyle::one), "Una Unknown");
  EXPECT_EQ(people("Anonymous Reader", NameStyle::one), "Anonymous Reader");
  EXPECT_EQ(people(std::string(name_bytes_max, 'a'), NameStyle::one), std::string(name_bytes_max, 'a'));
  EXPECT_EQ(people(std::string(name_bytes_max + 1, 'a'), NameStyle::one), "");
}

TEST(AuthorName, OneNormalFormForTheSpellingsOfAName) {
  const std::vector<std::vector<std::string_view>> same = {
      {"jrr tolkien", "J.R.R. Tolkien", "J. R. R. Tolkien", "J R R Tolkien", "JRR Tolkien", "j.r.r. tolkien"},
      {"ursula k le guin", "Ursula K. Le Guin", "URSULA K LE GUIN", "Ursula K Le-Guin"},
      {"gabriel garcia marquez", "Gabriel Garc\u00eda M\u00e1rquez", "Gabriel Garci\u0301a Ma\u0301rquez",
       "Gabriel Garcia Marquez"},
      {"flann obrien", "Flann O'Brien", "Flann O\u2019Brien", "Flann O\u02bcBrien", "Flann OBrien"},
      {"jo nesbo", "Jo Nesb\u00f8", "Jo Nesbo"},
      {"stanislaw lem", "Stanis\u0142aw Lem", "Stanislaw Lem"},
      {"botho strauss", "Botho Strau\u00df", "Botho Strauss", "BOTHO STRAUSS"},
      {"frank herbert", "\uff26\uff52\uff41\uff4e\uff4b \uff28erbert", "Frank\u00a0Herbert",
       "Frank Her\u00adbert"},
      {"\u0430\u0441 \u043f\u0443\u0448\u043a\u0438\u043d",
       "\u0410. \u0421. \u041f\u0443\u0448\u043a\u0438\u043d",
       "\u0410.\u0421. \u041f\u0423\u0428\u041a\u0418\u041d"},
      {"\u91d1\u5eb8", "\u91d1 \u5eb8", "\u91d1\u30fb\u5eb8"},
      {"", "...", "\u2014 \u200b", ""},
  };
  for (const auto& names : same) {
    for (std::size_t i = 1; i < names.size(); ++i) {
      EXPECT_EQ(normal_name(names[i], normal_text), names[0]) << names[i];
    }
  }
}

TEST(AuthorName, MarksOfOtherScriptsMakeOtherLetters) {
  EXPECT_NE(normal_name("\u0442\u043e\u043b\u0441\u0442\u043e\u0439", normal_text),
            normal_name("\u0442\u043e\u043b\u0441\u0442\u043e\u0438", normal_text));
  EXPECT_EQ(normal_name("\u0422\u041e\u041b\u0421\u0422\u041e\u0419", normal_text),
            normal_name("\u0442\u043e\u043b\u0441\u0442\u043e\u0439", normal_text));
  EXPECT_NE(normal_name("\u30ab\u30ac", normal_text), normal_name("\u30ab\u30ab", normal_text));
}

TEST(AuthorName, AsciiNeedsNoHost) {
  const NormalText absent = [](std::string_view) -> std::string { return "the host was asked"; };
  EXPECT_EQ(normal_name("Terry PRATCHETT", absent), "terry pratchett");
}

TEST(AuthorName, RolesOfAColumn) {
  for (const std::string_view words : {"Translator", "editor", "Illustrator, Narrator", "Ed."}) {
    EXPECT_EQ(read_role(words, normal_text), AuthorRole::contributor) << words;
  }
  for (const std::string_view words : {"", "Author", "Author, Illustrator", "Composer of limericks"}) {
    EXPECT_EQ(read_role(words, normal_text), AuthorRole::author) << words;
  }
}

TEST(AuthorName, TheSpellingThatTellsMore) {
  EXPECT_TRUE(tells_more("Terry Pratchett", "TERRY PRATCHETT"));
  EXPECT_TRUE(tells_more("Terry Pratchett", "terry pratchett"));
  EXPECT_TRUE(tells_more("J.R.R. Tolkien", "JRR Tolkien"));
  EXPECT_TRUE(tells_more("Garc\u00eda", "Garcia"));
  EXPECT_FALSE(tells_more("J. R. R. Tolkien", "J.R.R. Tolkien"));
  EXPECT_FALSE(tells_more("J.R.R. Tolkien", "J. R. R. Tolkien"));
  EXPECT_FALSE(tells_more("GARC\u00cdA", "Garcia"));
}

}  // namespace
}  // namespace larder::booklist::author_name_test
