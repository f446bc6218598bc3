import { utf8 } from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import { type CellPiece, isCut, type PartOfCell, readCell, wantsWhole } from "./whole-cell";

const PIECE = 256 << 10;

/** Answers as the server does, and notes what it is asked. */
function rowsWith(content: Uint8Array): {
  asked: number[];
  piece(row: number, column: number, range: { offset: number; limit: number }): Promise<CellPiece>;
} {
  const asked: number[] = [];
  return {
    asked,
    piece: (_row, _column, { offset, limit }) => {
      asked.push(offset);
      const bytes = content.subarray(offset, offset + limit);
      return Promise.resolve({ kind: "bytes", total: content.length, bytes });
    },
  };
}

const PLACE = { row: 3, column: 1 };

describe("a cell that is longer than what comes with its row", () => {
  it("is read piece by piece until its end", async () => {
    const content = Uint8Array.from({ length: 2 * PIECE + 5 }, (_, at) => at % 251);
    const rows = rowsWith(content);
    const seen: number[] = [];
    const found = await readCell(rows, PLACE, {
      until: 10 * PIECE,
      onPart: ({ bytes }) => seen.push(bytes.length),
    });
    expect(found.bytes.length).toBe(content.length);
    expect(found.bytes.every((byte, at) => byte === content[at])).toBe(true);
    expect(rows.asked).toEqual([0, PIECE, 2 * PIECE]);
    expect(seen).toEqual([PIECE, 2 * PIECE, content.length]);
  });

  it("goes on from what is here, as far as is wanted", async () => {
    const content = new Uint8Array(5 * PIECE).fill(7);
    const rows = rowsWith(content);
    const before: PartOfCell = {
      kind: "bytes",
      total: content.length,
      bytes: content.slice(0, PIECE),
    };
    const found = await readCell(rows, PLACE, { before, until: 2 * PIECE });
    expect(found.bytes.length).toBe(2 * PIECE);
    expect(rows.asked).toEqual([PIECE]);
  });

  it("ends when the server has no more, whatever it said before", async () => {
    const rows = rowsWith(new Uint8Array(0));
    const found = await readCell(rows, PLACE, { until: PIECE });
    expect(found.bytes.length).toBe(0);
    expect(rows.asked).toEqual([0]);
  });

  it.each<[value: unknown, cut: boolean]>([
    ["x".repeat(4_096), false],
    [`${"x".repeat(4_096)}…`, true],
    ["short…", false],
    [new Uint8Array(4_095), false],
    [new Uint8Array(4_096), true],
    [null, false],
  ])("is known by what came of it", (value, cut) => {
    expect(isCut({ value, type: utf8() })).toBe(cut);
  });

  it("is fetched to its end at once where only the whole of it makes sense", () => {
    const part = (kind: PartOfCell["kind"], text: string, total = 1_000_000): PartOfCell => ({
      kind,
      total,
      bytes: new TextEncoder().encode(text),
    });
    expect(wantsWhole(part("json", "["))).toBe(true);
    expect(wantsWhole(part("bytes", "x"))).toBe(true);
    expect(wantsWhole(part("text", ' {"a"'))).toBe(true);
    expect(wantsWhole(part("text", "words"))).toBe(false);
    expect(wantsWhole(part("json", "[", 100 << 20))).toBe(false);
  });
});
