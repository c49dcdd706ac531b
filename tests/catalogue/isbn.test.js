import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalIsbn,
  isbn10CheckDigit,
  isbn10Of,
  isbn13CheckDigit,
  isbn13Of,
} from "../../catalogue/isbn.js";

// The examples of the ISBN Users' Manual and of Wikipedia's article on ISBN.
test("check digits are those of the standard", () => {
  assert.equal(isbn10CheckDigit("030640615"), "2");
  assert.equal(isbn10CheckDigit("080442957"), "X");
  assert.equal(isbn13CheckDigit("978030640615"), "7");
  assert.equal(isbn13CheckDigit("978186197271"), "2");
});

test("one number has two forms", () => {
  assert.equal(isbn10Of("9780306406157"), "0306406152");
  assert.equal(isbn13Of("0306406152"), "9780306406157");
});

test("any way of writing a number leads to its thirteen digits", () => {
  for (const written of [
    "9780306406157",
    "978-0-306-40615-7",
    "0306406152",
    "0-306-40615-2",
    "0 306 40615 2",
  ]) {
    assert.equal(canonicalIsbn(written), "9780306406157");
  }
  assert.equal(canonicalIsbn("080442957x"), "9780804429573");
  assert.equal(canonicalIsbn("9799999900002"), "9799999900002");
});

test("what is no ISBN has no canonical form", () => {
  for (const written of [
    "",
    "978030640615",
    "9780306406158",
    "0306406153",
    "X306406152",
    "9770306406157",
    "title",
  ]) {
    assert.equal(canonicalIsbn(written), null);
  }
});
