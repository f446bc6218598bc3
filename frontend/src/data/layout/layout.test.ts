import { beforeEach, describe, expect, it, vi } from "vitest";
import { placeOfBlock, placeOfOutput, viewOf } from "../view";
import {
  AS_STORED,
  arrange,
  type ColumnChoice,
  keysOfColumns,
  withFrozen,
  withHidden,
  withMove,
  withoutWidth,
  withWidth,
} from "./choice";
import { changeChoice, choiceOf, readChoice } from "./store";

const named = (names: string): { name: string; type: string }[] =>
  [...names].map((name) => ({ name, type: "int64" }));
const COLUMNS = named("abcdef");
const shown = (choice: ColumnChoice, columns = COLUMNS): string => {
  const { order, frozen } = arrange(columns, choice);
  const names = order.map((at) => columns[at]?.name ?? "?").join("");
  return `${names.slice(0, frozen)}|${names.slice(frozen)}`;
};
const with_ = (part: Partial<ColumnChoice>): ColumnChoice => ({ ...AS_STORED, ...part });

describe("an arrangement of columns", () => {
  it.each<[choice: Partial<ColumnChoice>, order: string]>([
    [{}, "|abcdef"],
    [{ hidden: ["b", "gone"] }, "|acdef"],
    [{ frozen: ["d", "a"] }, "da|bcef"],
    [{ frozen: ["d"], hidden: ["d"] }, "|abcef"],
    [{ moved: [["f", null]] }, "|fabcde"],
    [{ moved: [["a", "d"]] }, "|bcdaef"],
    [
      {
        moved: [
          ["a", "gone"],
          ["gone", "a"],
          ["b", "e"],
        ],
      },
      "|acdebf",
    ],
    [
      {
        moved: [
          ["f", null],
          ["a", "f"],
          ["f", "c"],
        ],
      },
      "|abcfde",
    ],
  ])("%j shows %s", (choice, order) => {
    expect(shown(with_(choice))).toBe(order);
  });

  it.each<[start: Partial<ColumnChoice>, from: number, to: number, order: string]>([
    [{}, 0, 1, "|bacdef"],
    [{}, 5, 0, "|fabcde"],
    [{}, 2, 2, "|abcdef"],
    [{}, 0, 9, "|abcdef"],
    [{ hidden: ["b"] }, 0, 1, "|cadef"],
    // Beside a frozen one it is frozen, away from them it is not.
    [{ frozen: ["a", "b"] }, 4, 1, "aeb|cdf"],
    [{ frozen: ["a", "b"] }, 0, 3, "b|cdaef"],
    [{ frozen: ["a", "b"] }, 0, 2, "b|cadef"],
    [{ frozen: ["a", "b"] }, 0, 1, "ba|cdef"],
    [{ frozen: ["c"] }, 3, 1, "c|dabef"],
  ])("%j, the column at %i moved to %i, shows %s", (start, from, to, order) => {
    const next = withMove(with_(start), COLUMNS, { from, to });
    expect(shown(next).replace("|", "")).toBe(order.replace("|", ""));
  });

  it("takes a column through the whole table step by step and back", () => {
    let choice = AS_STORED;
    for (let at = 0; at < 5; at++) choice = withMove(choice, COLUMNS, { from: at, to: at + 1 });
    expect(shown(choice)).toBe("|bcdefa");
    for (let at = 5; at > 0; at--) choice = withMove(choice, COLUMNS, { from: at, to: at - 1 });
    expect(shown(choice)).toBe("|abcdef");
    expect(choice.moved).toHaveLength(1);
  });

  it("hides, freezes and sizes, and takes it back", () => {
    const all = withWidth(withFrozen(withHidden(AS_STORED, "a", true), "c", true), "d", 90);
    expect(all).toEqual({ widths: { d: 90 }, hidden: ["a"], frozen: ["c"], moved: [] });
    expect(withoutWidth(withFrozen(withHidden(all, "a", false), "c", false), "d")).toEqual(
      AS_STORED,
    );
  });

  it("tells columns of one name apart", () => {
    const columns = named("aba");
    expect(new Set(keysOfColumns(columns)).size).toBe(3);
    expect(shown(withHidden(AS_STORED, "a", true), columns)).toBe("|ba");
  });

  it("shows columns that came since, and survives those that went", () => {
    const choice = with_({ hidden: ["b"], moved: [["a", "c"]], frozen: ["e"] });
    expect(shown(choice, named("acxy"))).toBe("|caxy");
  });
});

describe("what the browser keeps", () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal(
      "localStorage",
      new Proxy(
        {
          getItem: (key: string) => kept.get(key) ?? null,
          setItem: (key: string, value: string) => kept.set(key, value),
          removeItem: (key: string) => kept.delete(key),
        },
        {
          ownKeys: () => [...kept.keys()],
          getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
        },
      ),
    );
  });

  it("is one arrangement a block, and the view hears which columns are left", () => {
    const place = placeOfBlock("late", "kept");
    changeChoice(place, COLUMNS, (choice) => withHidden(choice, "b", true));
    expect(viewOf(place).columns).toEqual(["a", "c", "d", "e", "f"]);
    expect(readChoice(kept.get("headrace-columns:late/kept") ?? null).hidden).toEqual(["b"]);
    changeChoice(place, COLUMNS, (choice) => withHidden(choice, "b", false));
    expect(viewOf(place).columns).toBeNull();
    expect([...kept.keys()]).toEqual([]);
  });

  it("is not what was done to an output that belongs to no block", () => {
    changeChoice(placeOfOutput("x"), COLUMNS, (choice) => withFrozen(choice, "b", true));
    expect(choiceOf(placeOfOutput("x")).frozen).toEqual(["b"]);
    expect(kept.size).toBe(0);
  });

  it("is that of the last two hundred blocks", () => {
    for (let at = 0; at < 205; at++) {
      vi.setSystemTime(at);
      changeChoice(placeOfBlock("p", `b${at}`), COLUMNS, (one) => withWidth(one, "a", 50 + at));
    }
    vi.useRealTimers();
    expect(kept.size).toBe(200);
    expect(kept.has("headrace-columns:p/b4")).toBe(false);
    expect(kept.has("headrace-columns:p/b5")).toBe(true);
  });

  it.each(["", "null", "7", "{", '{"hidden": 3}', '{"moved": [1]}', '{"widths": {"a": "x"}}'])(
    "is nothing where somebody else wrote %s",
    (text) => {
      expect(readChoice(text)).toEqual(AS_STORED);
    },
  );
});
