import { describe, expect, it } from "vitest";
import type { BlockStatus, Output } from "../../protocol";
import { contractOf, newestColumns, rowsOf } from "./contract";

const NOW = [
  { name: "id", type: "int64" },
  { name: "note", type: "large_string" },
];
const PROPOSED = { columns: { id: "integer", note: "string" }, extra_columns: false };

describe("rowsOf", () => {
  it("proposes all columns of the output where there is no contract", () => {
    const rows = rowsOf(null, PROPOSED, NOW);
    expect(rows.map(({ name, declared, type }) => [name, declared, type])).toEqual([
      ["id", true, "integer"],
      ["note", true, "string"],
    ]);
    expect(rows[0]?.types).toEqual(["integer", "int64", "any"]);
    expect(contractOf(rows, false)).toEqual(PROPOSED);
  });

  it("keeps what is declared, and offers what is new", () => {
    const contract = { columns: { gone: "date", id: "number NOT null" }, extra_columns: true };
    const rows = rowsOf(contract, PROPOSED, NOW);
    expect(rows.map(({ name, declared, now }) => [name, declared, now])).toEqual([
      ["gone", true, ""],
      ["id", true, "int64"],
      ["note", false, "large_string"],
    ]);
    expect(rows[1]).toMatchObject({ type: "number", notNull: true });
    expect(rows[1]?.types).toEqual(["number", "integer", "int64", "any"]);
    expect(contractOf(rows, true)).toEqual({
      columns: { gone: "date", id: "number not null" },
      extra_columns: true,
    });
  });

  it("shows a contract without any output", () => {
    expect(rowsOf({ columns: { id: "integer" }, extra_columns: false }, null, [])).toHaveLength(1);
  });
});

describe("newestColumns", () => {
  it("are those of an output that was refused, else of the last good one", () => {
    const output = { columns: NOW } as unknown as Output;
    const refused = { columns: NOW.slice(1) } as unknown as Output;
    const status = { output, checks: [] as unknown[] };
    expect(newestColumns(status as unknown as BlockStatus)).toEqual(NOW);
    status.checks = [{ refused: null }, { refused }];
    expect(newestColumns(status as unknown as BlockStatus)).toEqual(NOW.slice(1));
  });
});
