#!/usr/bin/env python3
"""Plants one breach of each rule in a small header, and looks whether it is refused, and nothing else is."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check_rules import problems_of  # noqa: E402

HEADER = """
typedef struct els_view {
    const char *data;
    size_t len;
} els_view;
typedef struct els_kv {
    els_view key, value;
} els_kv;
typedef struct els_backend els_backend;
typedef struct els_ref {
    uint32_t size;
    els_view key;
} els_ref;
typedef struct els_table {
    uint32_t size;
    const els_ref *const *refs;
    size_t ref_count;
    els_code (*ask)(els_backend *backend, const struct els_ref *ref, els_view page, const els_kv *fields,
                    size_t field_count);
%s} els_table;
ELS_EXPORT const els_table *const *negotiate(els_ref *ref);
"""


def planted(line):
    return problems_of(HEADER % f"    {line}\n")


class Rules(unittest.TestCase):
    def test_a_header_that_keeps_the_rules_passes(self):
        self.assertEqual(problems_of(HEADER % ""), [])
        self.assertEqual(planted("els_code (*more)(const els_ref *const *refs, size_t ref_count);"), [])

    def test_a_struct_without_its_size_is_refused(self):
        sizeless = "typedef struct els_b {\n    int x;\n    uint32_t size;\n} els_b;\n"
        self.assertEqual(problems_of(HEADER % "" + sizeless), ["els_b: must begin with 'uint32_t size;'"])

    def test_a_struct_that_the_check_cannot_read_is_no_silent_pass(self):
        with self.assertRaisesRegex(RuntimeError, "els_b: wanted 'typedef struct els_b {'"):
            problems_of(HEADER % "" + "struct els_b { int x; };\n")

    def test_a_struct_by_value_is_refused(self):
        for line in ("els_ref ref;", "els_code (*more)(els_ref ref);", "els_code (*more)(int x, const els_ref ref);",
                     "els_code (*more)(els_ref);", "els_ref (*more)(int x);"):
            with self.subTest(line):
                self.assertEqual(planted(line), ["els_ref: crosses by value, wanted a pointer"])

    def test_an_array_of_structs_is_refused(self):
        for line in ("const els_ref *more; size_t more_count;",
                     "els_code (*more)(const els_ref *more, size_t more_count);",
                     "els_code (*more)(const els_ref *more,\n        size_t count, els_error *error);"):
            with self.subTest(line):
                self.assertEqual(planted(line),
                                 ["els_ref: crosses in an array of structs, wanted an array of pointers"])
        self.assertIn("els_ref: stands in an array of structs, wanted an array of pointers",
                      planted("els_ref more[4];"))


if __name__ == "__main__":
    unittest.main()
