#include "booklist/book_list.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "booklist/list_isbn.h"
#include "support/normal_text.h"

namespace larder::booklist::book_list_test {
namespace {

const NormalText platform_text = sim::normal_text;

Result<BookList> list_of(std::string_view bytes, const ListLimits& limits = ListLimits()) {
  return read_book_list(bytes, platform_text, limits);
}

std::string_view state_text(ReadState state) {
  constexpr std::string_view names[] = {"unknown", "to-read", "reading", "read", "abandoned"};
  return names[static_cast<std::size_t>(state)];
}

// "Title | Author, Contributor* | isbn | rating% | ×read count | state", "favourite" where it is one.
std::vector<std::string> described(const BookList& list) {
  std::vector<std::string> books;
  for (const Book& book : list.books) {
    std::vector<std::string> names;
    for (const BookAuthor& author : book.authors) {
      names.push_back(list.authors[author.author].display +
                      (author.role == AuthorRole::contributor ? "*" : ""));
    }
    books.push_back(concat({book.title, " | ", join(names, ", "), " | ", book.isbn, " | ",
                            larder::to_text(std::uint64_t{book.rating_percent}), "% | x",
                            larder::to_text(std::uint64_t{book.read_count}), " | ", state_text(book.state),
                            book.favourite ? " favourite" : ""}));
  }
  return books;
}

void expect_books(std::string_view bytes, std::string_view format, const std::vector<std::string>& books) {
  const auto text = read_csv_text(bytes, ListLimits());
  ASSERT_TRUE(text.has_value());
  const auto head = read_list_head(*text, ListLimits());
  ASSERT_TRUE(head.has_value() && head->format.has_value());
  EXPECT_EQ(to_text(*head->format), format);
  const auto list = list_of(bytes);
  ASSERT_TRUE(list.has_value()) << list.error().message;
  EXPECT_EQ(described(*list), books);
}

constexpr std::string_view goodreads_header =
    "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average "
    "Rating,Publisher,Binding,"
    "Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,"
    "Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n";

TEST(BookList, Goodreads) {
  const std::string file =
      concat({goodreads_header,
              "1,Dune,Frank Herbert,\"Herbert, "
              "Frank\",,\"=\"\"0441172717\"\"\",\"=\"\"9780441172719\"\"\",5,4.27,Ace,Paperback,"
              "604,1990,1965,2020/01/02,2019/12/01,\"favorites, sci-fi\",\"favorites (#1)\",read,\"Sand, and "
              "\"\"spice\"\".\nTwice.\",,,2,0\n"
              "2,Good Omens,Terry   Pratchett,\"Pratchett, Terry\",\"Neil Gaiman, Gregory Rabassa "
              "(Translator)\",=\"\",=\"\",0,4.2,,,,,,,"
              ",to-read,,to-read,,,,0,0\n"
              "3,Letters,\"Martin Luther King, Jr.\",,,,,3,,,,,,,,,,,currently-reading,,,,1,\n"});
  expect_books(file, "Goodreads",
               {"Dune | Frank Herbert | 9780441172719 | 100% | x2 | read favourite",
                "Good Omens | Terry Pratchett, Neil Gaiman, Gregory Rabassa* |  | 0% | x0 | to-read",
                "Letters | Martin Luther King Jr. |  | 60% | x1 | reading"});
}

TEST(BookList, HeadersMayBeRenamedALittleReorderedAndMore) {
  expect_books(
      "\xef\xbb\xbf"
      "EXCLUSIVE_SHELF;Mood;my rating; AUTHOR ;Title;Isbn-13\nread;calm;4;Stanis\xc5\x82"
      "aw Lem;Solaris;\n",
      "Goodreads",
      {"Solaris | Stanis\xc5\x82"
       "aw Lem |  | 80% | x0 | read"});
}

TEST(BookList, StoryGraph) {
  expect_books(
      "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Last Date Read,Dates Read,Read "
      "Count,Moods,Pace,"
      "Star Rating,Review,Tags,Owned?\n"
      "Good Omens,\"Terry Pratchett, Neil "
      "Gaiman\",,9780060853983,paperback,read,2021/01/01,,,3,funny,fast,4.25,,faves,No\n"
      "Lost,Anonymous,,4f1c-77,digital,did-not-finish,,,,0,,,,,,\n"
      "Piranesi,Susanna Clarke,,4f1c-77,digital,did-not-finish,,,,0,,,1.0,,,\n",
      "StoryGraph",
      {"Good Omens | Terry Pratchett, Neil Gaiman | 9780060853983 | 85% | x3 | read favourite",
       "Piranesi | Susanna Clarke |  | 20% | x0 | abandoned"});
}

TEST(BookList, LibraryThingWithTabsAndCommas) {
  const std::vector<std::string> books = {
      "Dune | Frank Herbert | 9780441172719 | 90% | x0 | read",
      "Solitude | Gabriel Garc\xc3\xad"
      "a M\xc3\xa1rquez, Gregory Rabassa*, Ann Other | 9780441172719 | 0% | x0 | to-read"};
  const std::string_view tabs =
      "Book Id\tTitle\tSort Character\tPrimary Author\tPrimary Author Role\tSecondary Author\tSecondary "
      "Author Roles\tRating\t"
      "Tags\tCollections\tISBN\tISBNs\n"
      "1\tDune\t1\tHerbert, Frank\t\t\t\t4.5\tscience fiction\tYour library, Read but "
      "unowned\t[0441172717]\t0441172717, "
      "9780441172719\n"
      "2\tSolitude\t1\tGarc\xc3\xad"
      "a M\xc3\xa1rquez, Gabriel\tAuthor\tRabassa, Gregory|Other, Ann\tTranslator|Author\t\t\tWishlist\t"
      "[]\t9780441172719\n";
  expect_books(tabs, "LibraryThing", books);
  expect_books(
      "\"Book Id\",\"Title\",\"Primary Author\",\"Primary Author Role\",\"Secondary Author\",\"Secondary "
      "Author Roles\","
      "\"Rating\",\"Collections\",\"ISBN\"\n"
      "\"1\",\"Dune\",\"Herbert, Frank\",\"\",\"\",\"\",\"4.5\",\"Read but unowned\",\"[0441172717]\"\n"
      "\"2\",\"Solitude\",\"Garc\xc3\xad"
      "a M\xc3\xa1rquez, Gabriel\",\"Author\",\"Rabassa, Gregory|Other, Ann\",\"Translator|Author\","
      "\"\",\"Wishlist\",\"[9780441172719]\"\n",
      "LibraryThing", books);
}

TEST(BookList, LibraryThingKnowsNoQuotes) {
  const std::string_view header = "Book Id\tTitle\tPrimary Author\tReview\tRating\tCollections\n";
  const auto list = list_of(concat({header, "1\tOne\tQuill, Ann\t\"Loved it from page one\t5\tYour library\n",
                                    "2\tTwo\tReed, Ben\tfine\t4\tYour library\n",
                                    "3\tThree\tFisk, Cara\ta \"great\" read\t4\tYour library\n",
                                    "4\tFour\tMarsh, Robin\tthe \"end\"\t4\tYour library\n"}));
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(described(*list),
            (std::vector<std::string>{
                "One | Ann Quill |  | 100% | x0 | unknown", "Two | Ben Reed |  | 80% | x0 | unknown",
                "Three | Cara Fisk |  | 80% | x0 | unknown", "Four | Robin Marsh |  | 80% | x0 | unknown"}));
  EXPECT_EQ(list->counts.stray_quotes, 1U);
  EXPECT_EQ(list->counts.rows_joined, 0U);
}

TEST(BookList, AWrongByteInAColumnThatNobodyReadsSpoilsNoName) {
  const auto list = list_of(
      "Title\tPrimary Author\tSubjects\nMarelle\tQuill, Z\xc3\xa9lie\tCort\xe2zar\nDeux\tF\xe9lix, Ann\tx\n");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(described(*list), (std::vector<std::string>{"Marelle | Z\xc3\xa9lie Quill |  | 0% | x0 | unknown",
                                                        "Deux | Ann F\xc3\xa9lix |  | 0% | x0 | unknown"}));
  EXPECT_EQ(list->encoding, CsvEncoding::mixed);
  EXPECT_EQ(list->counts.fields_repaired, 2U);
}

TEST(BookList, BookWyrm) {
  expect_books(
      "title,author_text,remote_id,openlibrary_key,finna_key,libris_key,inventaire_id,librarything_key,"
      "goodreads_key,bnf_id,viaf,wikidata,asin,aasin,isfdb,isbn_10,isbn_13,oclc_number,start_date,finish_"
      "date,"
      "stopped_date,rating,review_name,review_cw,review_content,review_published,shelf,shelf_name,shelf_"
      "date\n"
      "One,\"Ann Quill, Ben "
      "Reed\",https://b.example/1,,,,,,,,,,,,,0441172717,,,,,,4.00,,,,,read,Favourites,\n"
      "Two,Cara Fisk,https://b.example/2,,,,,,,,,,,,,,9780441172719,,,,,,,,,,stopped-reading,Stopped,\n",
      "BookWyrm",
      {"One | Ann Quill, Ben Reed | 9780441172719 | 80% | x0 | read favourite",
       "Two | Cara Fisk | 9780441172719 | 0% | x0 | abandoned"});
}

TEST(BookList, Hardcover) {
  expect_books(
      "Title,Author,Series,Status,Privacy,Hardcover Book ID,Hardcover Edition ID,ISBN 10,ISBN 13,ASIN,Media,"
      "Pages,Tags,Lists,Date Added,Date Finished,Rating,Review,Owned\n"
      "One,\"Ann Quill, Ben Reed (Translator), Cara Fisk "
      "(Narrator)\",,Read,Public,7,8,,9780441172719,,Book,300,,"
      "Favorites,2026-01-01,,4.5,,true\n"
      "Two,Robin Marsh,,Did Not Finish,Public,9,,0441172717,,,Book,,,,,,,,\n"
      "Three,Robin Marsh,,Want to Read,Public,10,,,,,Book,,,,,,,,\n",
      "Hardcover",
      {"One | Ann Quill, Ben Reed*, Cara Fisk* | 9780441172719 | 90% | x0 | read favourite",
       "Two | Robin Marsh | 9780441172719 | 0% | x0 | abandoned",
       "Three | Robin Marsh |  | 0% | x0 | to-read"});
}

TEST(BookList, Libib) {
  const std::string_view file =
      "item_type,title,creators,first_name,last_name,collection,ean_isbn13,upc_isbn10,description,publisher,"
      "publish_date,group,tags,notes,price,length,rating,review,review_date,status,began,completed,added,"
      "copies\n"
      "book,One,\"Ann Quill, Ben "
      "Reed\",Ann,Quill,Shelf,9780441172719,,,,,,favorites,,,,4.5,,,Completed,,,,1\n"
      "movie,The Reel,Dee Rector,Dee,Rector,Films,0012345678905,,,,,,,,,,5,,,Completed,,,,1\n"
      "book,Two,Cara Fisk,Cara,Fisk,Shelf,,0441172717,,,,,,,,,,,,Not Begun,,,,1\n";
  expect_books(file, "Libib",
               {"One | Ann Quill, Ben Reed | 9780441172719 | 90% | x0 | read favourite",
                "Two | Cara Fisk | 9780441172719 | 0% | x0 | to-read"});
  EXPECT_EQ(list_of(file)->counts.rows_left_out, 1U);
}

TEST(BookList, Inventaire) {
  expect_books(
      "Item URL,Item details,Item notes,Item visibility,Item transaction,Item created,Shelves,Edition URL,"
      "Edition ISBN-13,Edition ISBN-10,Edition title,Edition subtitle,Works URLs,Works labels,Authors URLs,"
      "Authors labels,Translators labels,Publisher label\n"
      "https://i.example/1,,,,inventorying,,\"favourites, kitchen\",,978-0-441-17271-9,,One,,,One,,"
      "\"Ann Quill, Ben Reed\",Cara Fisk,P\n",
      "Inventaire", {"One | Ann Quill, Ben Reed | 9780441172719 | 0% | x0 | unknown favourite"});
}

TEST(BookList, BookCatalogue) {
  expect_books(
      "\"_id\",\"author_details\",\"title\",\"isbn\",\"publisher\",\"date_published\",\"rating\","
      "\"bookshelf_id\",\"bookshelf\",\"read\",\"series_details\",\"pages\",\"notes\",\"goodreads_book_id\"\n"
      "\"1\",\"Quill, Ann|Reed, "
      "Ben\",\"One\",\"0441172717\",\"P\",\"\",\"4.5\",\"1,\",\"Default,Wishlist,\",\"0\","
      "\"\",\"\",\"\",\"\"\n"
      "\"2\",\"Fisk, Cara\",\"Two\",\"\",\"P\",\"\",\"\",\"1,\",\"Default,\",\"1\",\"\",\"\",\"\",\"\"\n",
      "Book Catalogue",
      {"One | Ann Quill, Ben Reed | 9780441172719 | 90% | x0 | to-read",
       "Two | Cara Fisk |  | 0% | x0 | read"});
}

TEST(BookList, Calibre) {
  expect_books(
      "\xef\xbb\xbf"
      "authors,author_sort,rating,library_name,timestamp,formats,size,isbn,identifiers,comments,tags,"
      "series,series_index,languages,title,cover,title_sort,publisher,pubdate,id,uuid\n"
      "\"Ann Quill & Ben Reed & Tracey V. "
      "Fisk\",\"x\",\"5\",\"B\",\"\",\"epub\",\"1\",\"9780441172719\",\"\",\"\",\"faves\","
      "\"\",\"1.0\",\"eng\",\"One\",\"\",\"One\",\"P\",\"2019\",\"1\",\"u1\"\n"
      "\"ONE & Yusuke "
      "Quill\",\"x\",\"\",\"B\",\"\",\"epub\",\"1\",\"\",\"\",\"\",\"\",\"\",\"1.0\",\"eng\",\"Two\",\"\","
      "\"Two\",\"P\",\"2019\",\"2\",\"u2\"\n"
      "\"Plato & "
      "Xenophon\",\"x\",\"\",\"B\",\"\",\"epub\",\"1\",\"\",\"\",\"\",\"\",\"\",\"1.0\",\"eng\",\"Three\","
      "\"\","
      "\"Three\",\"P\",\"2019\",\"3\",\"u3\"\n",
      "Calibre",
      {"One | Ann Quill, Ben Reed, Tracey V. Fisk | 9780441172719 | 100% | x0 | unknown favourite",
       "Two | ONE, Yusuke Quill |  | 0% | x0 | unknown", "Three | Plato, Xenophon |  | 0% | x0 | unknown"});
}

TEST(BookList, Openreads) {
  const std::string_view file =
      "title,subtitle,author,description,status,favourite,deleted,rating,pages,publisher,publication_year,"
      "isbn,"
      "olid,tags,my_review,notes,book_format,readings,date_added,date_modified\r\n"
      "One,,Ann Quill,,finished,true,false,4.5,,,,9780441172719,OL1M,,,,paperback,,,\r\n"
      "Two,,Ben Reed,,planned,false,false,,,,,,,,,,,,,\r\n"
      "Gone,,Cara Fisk,,finished,false,true,5.0,,,,,,,,,,,,\r\n"
      "Three,,Robin Marsh,,in_progress,false,false,,,,,,,,,,,,,\r\n";
  expect_books(file, "Openreads",
               {"One | Ann Quill | 9780441172719 | 90% | x0 | read favourite",
                "Two | Ben Reed |  | 0% | x0 | to-read", "Three | Robin Marsh |  | 0% | x0 | reading"});
  EXPECT_EQ(list_of(file)->counts.rows_left_out, 1U);
}

TEST(BookList, KOReader) {
  expect_books(
      "id,title,authors,notes,last_open,highlights,pages,series,language,md5,total_read_time,total_read_"
      "pages\n"
      "1,One,\"Ann Quill\nBen Reed\nPlato\",0,1700000000,0,300,N/A,en,abc,60,5\n"
      "2,Two,N/A,0,1700000000,0,300,N/A,en,abd,60,5\n",
      "KOReader", {"One | Ann Quill, Ben Reed, Plato |  | 0% | x0 | unknown"});
}

TEST(BookList, OpenLibrary) {
  expect_books(
      "Work ID,Title,Authors,First Publish Year,Edition ID,Edition Count,Bookshelf,My Ratings,Ratings "
      "Average,"
      "Ratings Count,Has Ebook,Subjects,Subject People,Subject Places,Subject Times\n"
      "OL1W,One,\"Ann Quill, Ben Reed\",1969,OL2M,12,Already Read,5,4.2,900,true,Fiction,,,\n"
      "OL3W,Two,Cara Fisk,1970,OL4M,2,Want to Read,,4.2,9,true,Fiction,,,\n"
      "OL5W,Three,Cara Fisk,1970,OL6M,2,Stopped Reading,2,4.2,9,true,Fiction,,,\n",
      "Open Library",
      {"One | Ann Quill, Ben Reed |  | 100% | x0 | read", "Two | Cara Fisk |  | 0% | x0 | to-read",
       "Three | Cara Fisk |  | 40% | x0 | abandoned"});
}

TEST(BookList, ANobodyWritesNoBookInAnyColumn) {
  const auto list = list_of(concat({goodreads_header, "1,A,\"Unknown, Unknown\",,,,,,,,,,,,,,,,,,,,,\n",
                                    "2,B,Autor desconocido,,,,,,,,,,,,,,,,,,,,,\n",
                                    "3,C,Ann Quill,,\"Anonymous, Various\",,,,,,,,,,,,,,,,,,,\n",
                                    "4,D,\"Orchard Enterprises, Inc.\",,,,,,,,,,,,,,,,,,,,,\n"}));
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(described(*list),
            (std::vector<std::string>{"C | Ann Quill |  | 0% | x0 | unknown",
                                      "D | Orchard Enterprises Inc. |  | 0% | x0 | unknown"}));
  EXPECT_EQ(list->counts.rows_without_author, 2U);
}

TEST(BookList, GenericHeaders) {
  expect_books("title,author,isbn\nDune,\"Herbert, Frank\",441172717\n", "generic",
               {"Dune | Frank Herbert | 9780441172719 | 0% | x0 | unknown"});
  expect_books("Author(s)\nTerry Pratchett & Neil Gaiman\n", "generic",
               {" | Terry Pratchett, Neil Gaiman |  | 0% | x0 | unknown"});
  // A scale is told from the best rating.
  expect_books("Book;Writer;Score\nA;Ann Arbor;10\nB;Bea Brown;7,5\nC;Cy Cole;-1\nD;Di Dale;good\n",
               "generic",
               {"A | Ann Arbor |  | 100% | x0 | unknown", "B | Bea Brown |  | 75% | x0 | unknown",
                "C | Cy Cole |  | 0% | x0 | unknown", "D | Di Dale |  | 0% | x0 | unknown"});
  expect_books(
      "Book;Writer;Stars\nA;Ann Arbor;\xe2\x98\x85\xe2\x98\x85\xe2\x98\x85\xe2\x98\x85\xe2\x98\x86\n",
      "generic", {"A | Ann Arbor |  | 80% | x0 | unknown"});
}

TEST(BookList, AuthorsAreOneForAllTheirSpellings) {
  const auto list = list_of(
      "Title,Author\nA,JRR TOLKIEN\nB,J.R.R. Tolkien\nC,\"Tolkien, J. R. R.\"\nD,Garcia\nE,Garc\xc3\xad"
      "a\nF,D\xc3\xad"
      "az\n");
  ASSERT_TRUE(list.has_value());
  std::vector<std::string> authors;
  for (const ListAuthor& author : list->authors) {
    authors.push_back(concat({author.display, " = ", author.normal}));
  }
  EXPECT_EQ(authors, (std::vector<std::string>{"J.R.R. Tolkien = jrr tolkien",
                                               "Garc\xc3\xad"
                                               "a = garcia",
                                               "D\xc3\xad"
                                               "az = diaz"}));
}

TEST(BookList, WhatWasMetOnTheWayIsCounted) {
  ListLimits limits;
  limits.book_authors_max = 2;
  const auto list =
      list_of(concat({goodreads_header,
                      "1,A,Ann Arbor,,\"Bea Brown, Cy Cole\",441172717,9.78044E+12,,,,,,,,,,,,,,,,,\n"
                      "2,B,Bea Brown,,,9.78044E+12,,,,,,,,,,,,,,,,,,\n"
                      "3,C,Unknown,,,,,,,,,,,,,,,,,,,,,\n"
                      "4,a!,Ann  Arbor,,Di Dale,,9780441172719,4,,,,,,,,,favourites,,read,,,,2,\n"
                      "5,\"D\" is for,Di Dale\n"
                      "6,E,Ed East,,,12345,,,,,,,,,,,,,,,,,,,,,\n"}),
              limits);
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(described(*list),
            (std::vector<std::string>{"A | Ann Arbor, Bea Brown | 9780441172719 | 80% | x2 | read favourite",
                                      "B | Bea Brown |  | 0% | x0 | unknown",
                                      "\"D\" is for | Di Dale |  | 0% | x0 | unknown",
                                      "E | Ed East |  | 0% | x0 | unknown"}));
  const ListCounts& counts = list->counts;
  EXPECT_EQ(counts.rows, 6U);
  EXPECT_EQ(counts.rows_ragged, 2U);
  EXPECT_EQ(counts.rows_without_author, 1U);
  EXPECT_EQ(counts.rows_repeated, 1U);
  EXPECT_EQ(counts.stray_quotes, 1U);
  EXPECT_EQ(counts.isbns_recovered, 1U);
  EXPECT_EQ(counts.isbns_lost, 1U);
  EXPECT_EQ(counts.isbns_refused, 1U);
  EXPECT_EQ(counts.authors_left_out, 2U);
}

TEST(BookList, ReadsWindows1252AndSaysSo) {
  const auto list = list_of(
      "Title;Author\nCien a\xf1os;Garc\xed"
      "a M\xe1rquez\n");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->encoding, CsvEncoding::windows_1252);
  EXPECT_EQ(described(*list), std::vector<std::string>{"Cien a\xc3\xb1os | Garc\xc3\xad"
                                                       "a M\xc3\xa1rquez |  | 0% | x0 | unknown"});
}

TEST(BookList, RefusalsSayWhatIsFoundAndNeeded) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"Titel,Verfasser,\"\"\nDune,Frank Herbert\n",
       "No column of this list is known to name authors. Found: \"Titel\", \"Verfasser\", \"\". Needed: "
       "\"Author\" or "
       "\"Authors\"; welcome: \"Title\", \"ISBN\", \"Rating\", \"Read Count\", \"Shelves\". Rename the "
       "columns in the first "
       "line, or upload an export as it is, of Goodreads, StoryGraph, LibraryThing, BookWyrm, Hardcover, "
       "Libib, "
       "Inventaire, Book Catalogue, Calibre, Openreads, KOReader or Open Library."},
      {"Title,Author\n\n",
       "The list has a header and no books below it. Export it again, or add a line for each book."},
      {"Title,Author\nDune,\nIt,Unknown\n",
       "None of the 2 rows names an author. Check that the header's columns are those of the rows, and that "
       "the column of "
       "authors is filled in."},
      {"\n", "The file is empty. Export the list again and upload the file that comes of it."},
      {"Title,Author\nDune,\"Frank\n",
       "The quote that opens on line 2 is never closed. Add the missing \" or take the opening one away."},
      {"\"Title,Author\nDune,Frank\n",
       "The quote that opens on line 1 is never closed. Add the missing \" or take the opening one away."},
  };
  for (const auto& [bytes, message] : cases) {
    const auto list = list_of(bytes);
    ASSERT_FALSE(list.has_value()) << bytes;
    EXPECT_EQ(list.error().kind, ErrorKind::invalid);
    EXPECT_EQ(list.error().message, message);
  }
}

TEST(BookList, ColumnsMayBeMappedByHand) {
  const std::string_view bytes = "Titel,Verfasser,Note,ISBN\nDune,\"Herbert, Frank\",2,0441172717\n";
  const auto text = read_csv_text(bytes, ListLimits());
  const auto head = read_list_head(*text, ListLimits());
  ASSERT_TRUE(head.has_value());
  EXPECT_FALSE(head->format.has_value());
  EXPECT_EQ(head->headers, (std::vector<std::string>{"Titel", "Verfasser", "Note", "ISBN"}));
  const auto columns =
      map_columns(*head, {{ListColumn::title, 0}, {ListColumn::author, 1}, {*find_column("isbn"), 3}});
  ASSERT_TRUE(columns.has_value());
  const auto list = read_books(*text, *head, *columns, platform_text, ListLimits());
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(described(*list),
            std::vector<std::string>{"Dune | Frank Herbert | 9780441172719 | 0% | x0 | unknown"});

  const auto refusal = [&](const std::vector<MappedColumn>& mapping) {
    const auto mapped = map_columns(*head, mapping);
    return mapped ? "" : mapped.error().message;
  };
  EXPECT_EQ(refusal({{ListColumn::author, 4}}), "There is no column 4 in this list.");
  EXPECT_EQ(refusal({{ListColumn::title, 0}}), "No column is named for author, which is needed.");
  EXPECT_EQ(refusal({{ListColumn::author, 0}, {ListColumn::title, 0}}), "Column 0 is named twice.");
  EXPECT_EQ(refusal({{ListColumn::author, 0}, {ListColumn::author, 1}}),
            "Two columns are named for author; there may be one.");
  EXPECT_EQ(find_column("Author"), std::nullopt);
}

TEST(ListIsbn, AsListsWriteThem) {
  struct IsbnCase {
    std::string_view field;
    IsbnOutcome outcome;
    std::string_view thirteen;
  };
  const IsbnCase cases[] = {
      {"0441172717", IsbnOutcome::kept, "9780441172719"},
      {"9780441172719", IsbnOutcome::kept, "9780441172719"},
      {"978-0-441-17271-9", IsbnOutcome::kept, "9780441172719"},
      {"978 0 441 17271 9", IsbnOutcome::kept, "9780441172719"},
      {"=\"0441172717\"", IsbnOutcome::kept, "9780441172719"},
      {"\"0441172717\"", IsbnOutcome::kept, "9780441172719"},
      {"'0441172717", IsbnOutcome::kept, "9780441172719"},
      {"[0441172717]", IsbnOutcome::kept, "9780441172719"},
      {"9780441172719.0", IsbnOutcome::kept, "9780441172719"},
      {"080442957x", IsbnOutcome::kept, "9780804429573"},
      {"9791032305690", IsbnOutcome::kept, "9791032305690"},
      {"4f1c-77, 0441172717", IsbnOutcome::kept, "9780441172719"},
      {"0441172718 0441172717", IsbnOutcome::kept, "9780441172719"},
      {"441172717", IsbnOutcome::recovered, "9780441172719"},
      {"80442957X", IsbnOutcome::recovered, "9780804429573"},
      {"7149689", IsbnOutcome::recovered, "9780007149681"},
      {"441172718", IsbnOutcome::refused, ""},
      {"9.78044E+12", IsbnOutcome::lost, ""},
      {"9,78044E+12", IsbnOutcome::lost, ""},
      {"9.78E12", IsbnOutcome::lost, ""},
      {"9780441172710", IsbnOutcome::refused, ""},
      {"B00B7NPRY8", IsbnOutcome::refused, ""},
      {"Dune", IsbnOutcome::refused, ""},
      {"12345", IsbnOutcome::refused, ""},
      {"", IsbnOutcome::absent, ""},
      {"=\"\"", IsbnOutcome::absent, ""},
      {"[]", IsbnOutcome::absent, ""},
      {" ", IsbnOutcome::absent, ""},
  };
  for (const IsbnCase& each : cases) {
    const ListIsbn isbn = read_list_isbn(each.field);
    EXPECT_EQ(isbn.outcome, each.outcome) << each.field;
    EXPECT_EQ(isbn.thirteen, each.thirteen) << each.field;
  }
}

}  // namespace
}  // namespace larder::booklist::book_list_test
