import { describe, expect, it, vi } from "vitest";
import {
  changeView,
  clearView,
  isWhole,
  placeOfBlock,
  placeOfColumn,
  placeOfOutput,
  referenceTo,
  rowsQuery,
  type SortKey,
  signOfSort,
  sortBy,
  subscribeView,
  type View,
  viewFor,
  viewOf,
  viewQuery,
  WHOLE,
} from ".";

const COLUMNS = ["day", "carrier", "day", "delay"].map((name) => ({ name }));
const asc = (column: string): SortKey => ({ column, descending: false });
const desc = (column: string): SortKey => ({ column, descending: true });

describe("a view of a block", () => {
  it("is everything until somebody says otherwise, and is the same for all who ask", () => {
    const place = placeOfBlock("late", "flights");
    expect(viewOf(place)).toBe(WHOLE);
    changeView(place, { sort: [desc("delay")] });
    changeView(place, { search: "EWR" });
    expect(viewOf(place)).toEqual({ ...WHOLE, sort: [desc("delay")], search: "EWR" });
    expect(viewOf(placeOfBlock("late", "weather"))).toBe(WHOLE);
    expect(viewOf(placeOfOutput("late/flights"))).toBe(WHOLE);
  });

  it("is cleared without losing the choice of columns", () => {
    const place = placeOfBlock("late", "cleared");
    changeView(place, { search: "x", sort: [asc("day")], columns: ["day"] });
    clearView(place);
    expect(viewOf(place)).toEqual({ ...WHOLE, columns: ["day"] });
  });

  it("tells those who listen to it, and nobody else, until they stop", () => {
    const listener = vi.fn();
    const place = placeOfBlock("late", "told");
    const stop = subscribeView(place, listener);
    changeView(placeOfBlock("late", "other"), { search: "x" });
    expect(listener).not.toHaveBeenCalled();
    changeView(place, { search: "x" });
    expect(listener).toHaveBeenCalledExactlyOnceWith({ ...WHOLE, search: "x" });
    stop();
    changeView(place, { search: "y" });
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("loses what names a column that is no more", () => {
    const view: View = {
      sort: [asc("gone"), desc("delay")],
      filter: [
        { column: "gone", op: "is null", value: null },
        { column: { at: 9 }, op: "=", value: 1 },
        { column: { at: 2 }, op: "=", value: 1 },
      ],
      search: "EWR",
      columns: ["delay", "gone"],
    };
    expect(viewFor(view, COLUMNS)).toEqual({
      sort: [desc("delay")],
      filter: [{ column: { at: 2 }, op: "=", value: 1 }],
      search: "EWR",
      columns: ["delay"],
    });
    expect(viewFor(WHOLE, COLUMNS)).toBe(WHOLE);
  });
});

describe("a column", () => {
  it("is named by its place where its name says too little", () => {
    expect(referenceTo(COLUMNS, 1)).toBe("carrier");
    expect(referenceTo(COLUMNS, 2)).toEqual({ at: 2 });
    expect(placeOfColumn(COLUMNS, { at: 2 })).toBe(2);
    expect(placeOfColumn(COLUMNS, "delay")).toBe(3);
    expect(placeOfColumn(COLUMNS, "none")).toBe(-1);
  });
});

describe("clicks on columns", () => {
  it.each<[before: SortKey[], column: string, more: boolean, after: SortKey[]]>([
    [[], "a", false, [asc("a")]],
    [[asc("a")], "a", false, [desc("a")]],
    [[desc("a")], "a", false, []],
    [[asc("a"), asc("b")], "b", false, [desc("b")]],
    [[asc("a")], "b", true, [asc("a"), asc("b")]],
    [[asc("a"), asc("b")], "a", true, [desc("a"), asc("b")]],
    [[desc("a"), asc("b")], "a", true, [asc("b")]],
  ])("%j, then %s (with Shift: %s), sort by %j", (before, column, more, after) => {
    expect(sortBy(before, column, more)).toEqual(after);
  });

  it("number the signs as soon as there are several", () => {
    expect(signOfSort([desc("a")], "a")).toEqual({ descending: true, order: null });
    expect(signOfSort([asc("a"), desc("b")], "b")).toEqual({ descending: true, order: 2 });
    expect(signOfSort([asc("a")], "b")).toBeNull();
  });
});

describe("what is asked of the server", () => {
  it("says nothing of what nobody asked for", () => {
    expect(viewQuery(WHOLE)).toEqual({});
    expect(isWhole(WHOLE)).toBe(true);
    expect(isWhole({ ...WHOLE, columns: ["a"] })).toBe(true);
    expect(isWhole({ ...WHOLE, search: "" })).toBe(true);
    expect(isWhole({ ...WHOLE, search: "a" })).toBe(false);
  });

  it("is in JSON, so that no name can be mistaken", () => {
    const view: View = {
      sort: [desc("a,b")],
      filter: [{ column: { at: 2 }, op: "in", value: ["x"] }],
      search: "é",
      columns: ["-c"],
    };
    expect(rowsQuery(view)).toEqual({
      sort: '[{"column":"a,b","descending":true}]',
      filter: '[{"column":{"at":2},"op":"in","value":["x"]}]',
      search: "é",
    });
    expect(viewQuery(view)).toEqual({ ...rowsQuery(view), columns: '["-c"]' });
  });
});
