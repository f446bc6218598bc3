import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { languageExtension } from "./languages";
import { tablesRead } from "./tables";

function read(doc: string): string[] {
  return tablesRead(EditorState.create({ doc, extensions: [languageExtension("sql")] }));
}

describe("tables that are read", () => {
  it.each<[string, string[]]>([
    ["select * from flights", ["flights"]],
    ["from Flights", ["flights"]],
    ['select * from "Odd Name" join flights f using (id)', ["odd name", "flights"]],
    ["select * from a, b x, c where n in (select m from d), e", ["a", "b", "c", "d"]],
    ["select n, m from a group by n, m", ["a"]],
    ["with k as (select * from a), l as materialized (from k) select * from l, b", ["a", "b"]],
    ["select * from (select * from a) t, b", ["a", "b"]],
    ["select * from read_csv('x'), main.t, data", ["data"]],
    ["select 'from x' -- from y\n/* join z */ from a", ["a"]],
    ["select extract(day from d) as x from a where", ["d", "a"]],
    ["select * from", []],
    ["", []],
  ])("of %s", (text, tables) => {
    expect(read(text)).toEqual(tables);
  });
});
