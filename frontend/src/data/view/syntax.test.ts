import { describe, expect, it } from "vitest";
import { formatFilter, parseFilter } from "./syntax";
import type { Condition } from "./view";

type Said = [op: Condition["op"], value: Condition["value"]][];

const parsed = (text: string, type: string): Said | string => {
  const found = parseFilter(text, "c", { name: "c", type });
  if ("problem" in found) return found.problem;
  return found.conditions.map(({ op, value }) => [op, value]);
};

const NUMBERS: [text: string, said: Said][] = [
  ["", []],
  ["  ", []],
  ["10", [["=", 10]]],
  ["=10", [["=", 10]]],
  ["==10", [["=", 10]]],
  [">10", [[">", 10]]],
  [">= -1.5e3", [[">=", -1500]]],
  ["<1_000", [["<", 1000]]],
  ["!=3", [["!=", 3]]],
  ["<>3", [["!=", 3]]],
  ["10..20", [["between", [10, 20]]]],
  ["-5 .. -1", [["between", [-5, -1]]]],
  ["10..", [[">=", 10]]],
  ["..20", [["<=", 20]]],
  [
    ">1 & <5",
    [
      [">", 1],
      ["<", 5],
    ],
  ],
  ["in 1, 2,3", [["in", [1, 2, 3]]]],
  ["not in (1,2)", [["not in", [1, 2]]]],
  ["is null", [["is null", null]]],
  ["IS  NOT NULL", [["is not null", null]]],
  ["nan", [["is nan", null]]],
  ["is not NaN", [["is not nan", null]]],
  ["!~^1.3$", [["not matches", "^1.3$"]]],
  ["-inf", [["=", "-inf"]]],
  ["~^1.3$", [["matches", "^1.3$"]]],
  // Not every whole number is one of JSON.
  ["9007199254740993", [["=", "9007199254740993"]]],
  ["0.12345678901234567", [["=", "0.12345678901234567"]]],
];

const TEXTS: [text: string, said: Said][] = [
  ["abc", [["contains", "abc"]]],
  ["a b", [["contains", "a b"]]],
  ["a..b", [["contains", "a..b"]]],
  ["R&D", [["contains", "R&D"]]],
  ['"is null"', [["contains", "is null"]]],
  ["null", [["contains", "null"]]],
  ["in", [["contains", "in"]]],
  ["inside", [["contains", "inside"]]],
  ["=UA", [["=", "UA"]]],
  ['=""', [["=", ""]]],
  ["!UA", [["not contains", "UA"]]],
  ["!=UA", [["!=", "UA"]]],
  ["^New", [["starts with", "New"]]],
  ["~N[0-9]+", [["matches", "N[0-9]+"]]],
  [">m", [[">", "m"]]],
  ["in UA, B6", [["in", ["UA", "B6"]]]],
  ['in "a, b", c', [["in", ["a, b", "c"]]]],
  ["is empty", [["is empty", null]]],
  ['say ""hi""', [["contains", 'say ""hi""']]],
  [
    "^U & !A",
    [
      ["starts with", "U"],
      ["not contains", "A"],
    ],
  ],
];

const MOMENTS: [text: string, said: Said][] = [
  [
    "2013-01-05",
    [
      [">=", "2013-01-05"],
      ["<", "2013-01-06"],
    ],
  ],
  [
    "2013-12",
    [
      [">=", "2013-12-01"],
      ["<", "2014-01-01"],
    ],
  ],
  [
    "2013",
    [
      [">=", "2013-01-01"],
      ["<", "2014-01-01"],
    ],
  ],
  [">2013-01-31", [[">=", "2013-02-01"]]],
  ["<=2013-02-28", [["<", "2013-03-01"]]],
  ["<2013-01-05", [["<", "2013-01-05"]]],
  [
    "2013-01-05..2013-01-07",
    [
      [">=", "2013-01-05"],
      ["<", "2013-01-08"],
    ],
  ],
  [">=2013-01-05 18:30", [[">=", "2013-01-05T18:30"]]],
  ["2013-01-05T18:30:00Z", [["=", "2013-01-05T18:30:00Z"]]],
];

describe("the short text of a filter", () => {
  it.each(NUMBERS)("of numbers: %s", (text, said) => {
    expect(parsed(text, "int64")).toEqual(said);
  });

  it.each(TEXTS)("of texts: %s", (text, said) => {
    expect(parsed(text, "string")).toEqual(said);
  });

  it.each(MOMENTS)("of moments: %s", (text, said) => {
    expect(parsed(text, "timestamp[us]")).toEqual(said);
  });

  it("compares days as days", () => {
    expect(parsed("2013-01-05", "date32[day]")).toEqual([["=", "2013-01-05"]]);
    expect(parsed("2013-01-05..2013-01-07", "date32[day]")).toEqual([
      ["between", ["2013-01-05", "2013-01-07"]],
    ]);
    expect(parsed("2013-02", "date32[day]")).toEqual([
      [">=", "2013-02-01"],
      ["<", "2013-03-01"],
    ]);
  });

  it.each([
    ["yes", true],
    ["False", false],
  ])("knows %s", (text, value) => {
    expect(parsed(text, "bool")).toEqual([["=", value]]);
  });

  it("looks into what is nested as into text, and at a category as at its values", () => {
    expect(parsed("Paris", "struct<city: string>")).toEqual([["contains", "Paris"]]);
    expect(parsed("UA", "dictionary<values=string, indices=int32, ordered=0>")).toEqual([
      ["contains", "UA"],
    ]);
  });

  it.each([
    ["ten", "int64", "“ten” is no number."],
    [">", "double", "Write a value after >, such as >10."],
    [">", "string", "Write a value after >, such as >text."],
    ["..", "int64", "Write a value before or after the dots: 10..20."],
    ["in ", "int64", "“in” is no number."],
    ["in 1,,2", "int64", "Write values with commas between them: in a, b."],
    ["1..x", "int64", "“x” is no number."],
    ["~", "string", "Write a regular expression after ~."],
    ["!~", "string", "Write a regular expression after !~."],
    ["is not nan", "string", "Only numbers can be NaN; try: is null."],
    ["a & ", "string", "Write something on both sides of &."],
    ["is nan", "string", "Only numbers can be NaN; try: is null."],
    ["maybe", "bool", "“maybe” is neither true nor false."],
    [
      "2013-02-30",
      "timestamp[us]",
      "“2013-02-30” is no date; write 2024-12-31 or 2024-12-31 18:30.",
    ],
  ])("says of %s in a column of %s: %s", (text, type, problem) => {
    expect(parsed(text, type)).toBe(problem);
  });

  const AGAIN: [op: Condition["op"], value: Condition["value"], type: string][] = [
    ...[
      "",
      " a ",
      "&",
      "a & b",
      '"',
      ">1",
      "in a",
      "is null",
      "^",
      "a,b",
      "!x",
      "~x",
      "=",
      "nan",
    ].flatMap((text): [Condition["op"], Condition["value"], string][] => [
      ...(text === ""
        ? []
        : (["contains", "not contains", "starts with", "matches", "not matches"] as const).map(
            (op): [Condition["op"], Condition["value"], string] => [op, text, "string"],
          )),
      ["=", text, "string"],
      ["!=", text, "string"],
      [">", text, "string"],
      ["in", [text, "b"], "string"],
    ]),
    ["between", [1, 2], "int64"],
    ["between", [-1.5, "9007199254740993"], "double"],
    ["is nan", null, "double"],
    ["is not nan", null, "double"],
    ["not in", [1, 2], "int64"],
    ["=", true, "bool"],
    [">=", "2013-01-05T18:30", "timestamp[us]"],
  ];

  it.each(AGAIN)("is read again as it was meant: %s %j", (op, value, type) => {
    const column = { name: "c", type };
    const conditions = [{ column: "c", op, value }];
    const text = formatFilter([...conditions, ...conditions], column);
    expect(parseFilter(text, "c", column)).toEqual({ conditions: [...conditions, ...conditions] });
  });
});
