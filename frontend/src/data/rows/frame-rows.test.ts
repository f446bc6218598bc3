import { int32, tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Api, RequestOptions } from "../../client";
import type { Output } from "../../protocol";
import { WHOLE } from "../view";
import { FrameRows, rowsOf, rowsPath } from "./frame-rows";

interface Request {
  offset: number;
  limit: number;
  columns: string[];
  signal: AbortSignal | undefined;
  query: URLSearchParams;
  answer(rows?: number, total?: number): void;
  fail(error: Error): void;
}

/** A server that answers when the test says so; column `c3` of row 7 holds 7003. */
function fakeApi(): { api: Api; requests: Request[] } {
  const requests: Request[] = [];
  const response = (path: string, options: RequestOptions = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const query = new URLSearchParams(path.split("?")[1]);
      const offset = Number(query.get("offset"));
      const limit = Number(query.get("limit"));
      const named = query.getAll("columns");
      const columns = named.length > 1 ? named : (JSON.parse(named[0] ?? "[]") as string[]);
      options.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      requests.push({
        offset,
        limit,
        columns,
        signal: options.signal,
        query,
        answer: (rows = limit, total = 0) =>
          resolve({
            headers: new Headers({ "X-Total-Rows": String(total) }),
            arrayBuffer: () => Promise.resolve(arrow(offset, rows, columns)),
          }),
        fail: reject,
      });
    });
  return { api: { response } as unknown as Api, requests };
}

function arrow(offset: number, rows: number, columns: readonly string[]): ArrayBuffer {
  const table = tableFromArrays(
    Object.fromEntries(
      columns.map((name) => [
        name,
        Int32Array.from({ length: rows }, (_, at) => (offset + at) * 1000 + Number(name.slice(1))),
      ]),
    ),
    { types: Object.fromEntries(columns.map((name) => [name, int32()])) },
  );
  const encoded = tableToIPC(table, { format: "stream" });
  if (encoded === null) throw new Error("nothing was encoded");
  return encoded.slice().buffer;
}

function output(rows: number, columns: number, address = "a".repeat(8)): Output {
  return {
    address,
    digest: address,
    kind: "table",
    rows,
    column_count: columns,
    columns: Array.from({ length: columns }, (_, at) => ({ name: `c${at}`, type: "int32" })),
    size_bytes: 1,
    type_name: "DataFrame",
    text: "",
    notes: [],
    within: "",
    holds: false,
    inputs: {},
    made_at: null,
    checks: [],
    reached: null,
  };
}

const seen = (firstRow: number, firstColumn = 0) => ({
  firstRow,
  lastRow: firstRow + 29,
  columns: [firstColumn, firstColumn + 1, firstColumn + 2, firstColumn + 3],
});

/** Lets answers arrive. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("rows of a table", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("are asked for at once, and only the columns in sight", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(10_000_000, 100));
    rows.look({}, seen(9_999_970, 33));
    expect(requests.map(({ offset, limit }) => [offset, limit])).toEqual([[9_999_800, 200]]);
    expect(requests[0]?.columns).toEqual(Array.from({ length: 16 }, (_, at) => `c${32 + at}`));
    expect(rows.cell(9_999_999, 35)).toBeUndefined();
    requests[0]?.answer();
    await settle();
    expect(rows.cell(9_999_999, 35)?.value).toBe((9_999_999 * 1000 + 35) | 0);
  });

  it("are asked for once, however often they are looked at", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(1000, 4));
    const viewer = {};
    rows.look(viewer, seen(0));
    requests[0]?.answer();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    rows.look(viewer, seen(10));
    rows.look({}, seen(0));
    expect(requests).toHaveLength(1);
  });

  it("are called off when they are scrolled past, unless another viewer waits for them", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(100_000, 4));
    const viewer = {};
    rows.look(viewer, seen(50));
    await vi.advanceTimersByTimeAsync(50);
    rows.look(viewer, seen(50_050));
    expect(requests.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(50);
    rows.look({}, seen(50_050));
    rows.look(viewer, seen(50));
    expect(requests.map(({ signal }) => signal?.aborted)).toEqual([true, false, false]);
    expect(rows.error).toBeUndefined();
  });

  it("are not asked for on the way of a fast scroll", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(1_000_000, 4));
    const viewer = {};
    for (let row = 50; row < 100_050; row += 10_000) rows.look(viewer, seen(row));
    expect(requests.map(({ offset }) => offset)).toEqual([0]);
    await vi.advanceTimersByTimeAsync(50);
    expect(requests.map(({ offset }) => offset)).toEqual([0, 90_000]);
  });

  it("go on where the server ended a window early", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(1000, 4));
    rows.look({}, seen(0));
    requests[0]?.answer(30);
    await settle();
    expect(rows.cell(29, 1)?.value).toBe(29_001);
    expect(rows.cell(30, 1)).toBeUndefined();
    expect([requests[1]?.offset, requests[1]?.limit]).toEqual([30, 170]);
    requests[1]?.answer();
    await settle();
    expect(rows.cell(199, 1)?.value).toBe(199_001);
    expect(requests).toHaveLength(2);
  });

  it("say why they did not come, and come when asked again", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(1000, 4));
    const changed = vi.fn();
    rows.subscribe(changed);
    rows.look({}, seen(0));
    requests[0]?.fail(new Error("gone"));
    await settle();
    expect(rows.error).toEqual(new Error("gone"));
    expect(changed).toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(50);
    rows.retry();
    requests[1]?.answer();
    await settle();
    expect(rows.error).toBeUndefined();
    expect(rows.cell(0, 0)?.value).toBe(0);
  });

  it("are called off when their last viewer goes", () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(1000, 4));
    const viewer = {};
    rows.look(viewer, seen(0));
    rows.leave(viewer);
    expect(requests[0]?.signal?.aborted).toBe(true);
  });

  it("are read for a copy piece by piece, without a gap", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(10_000, 4));
    const range = { firstRow: 90, lastRow: 2_500, columns: [2, 1] };
    const lines: unknown[][] = [];
    const reading = (async () => {
      for await (const cells of rows.read(range)) lines.push(cells.map(({ value }) => value));
    })();
    for (const [at, given] of [1_999, 1, 411].entries()) {
      await settle();
      requests[at]?.answer(given);
    }
    await reading;
    expect(requests.map(({ offset, limit }) => [offset, limit])).toEqual([
      [90, 2_000],
      [2_089, 412],
      [2_090, 411],
    ]);
    expect(requests[0]?.columns).toEqual(["c2", "c1"]);
    expect(lines).toHaveLength(2_411);
    expect(lines.map(([first]) => first)).toEqual(
      Array.from({ length: 2_411 }, (_, at) => (90 + at) * 1000 + 2),
    );
  });

  it("are shared by all who look at the same output through the same server", () => {
    const { api } = fakeApi();
    const one = rowsOf(api, output(10, 1, "same"));
    expect(rowsOf(api, output(10, 1, "same"))).toBe(one);
    expect(rowsOf(api, output(10, 1, "other"))).not.toBe(one);
    expect(rowsOf(fakeApi().api, output(10, 1, "same"))).not.toBe(one);
  });

  it("of a view are counted when the first of them come", async () => {
    const { api, requests } = fakeApi();
    const view = { ...WHOLE, sort: [{ column: "c1", descending: true }], search: "7" };
    const rows = new FrameRows(api, output(1000, 4), view);
    expect([rows.isCounted, rows.shape.rows]).toEqual([false, 1000]);
    rows.look({}, seen(0));
    expect(requests[0]?.query.get("search")).toBe("7");
    expect(JSON.parse(requests[0]?.query.get("sort") ?? "")).toEqual(view.sort);
    requests[0]?.answer(12, 12);
    await settle();
    expect([rows.isCounted, rows.shape]).toEqual([true, { rows: 12, columns: 4 }]);
    expect(rows.cell(11, 2)?.value).toBe(11_002);
    expect(requests).toHaveLength(1);
  });

  it("of a view may be none", async () => {
    const { api, requests } = fakeApi();
    const rows = new FrameRows(api, output(1000, 4), { ...WHOLE, search: "nothing" });
    rows.look({}, seen(0));
    requests[0]?.answer(0, 0);
    await settle();
    expect([rows.isCounted, rows.shape.rows, rows.error]).toEqual([true, 0, undefined]);
    expect(requests).toHaveLength(1);
  });

  it("of one view are not those of another", () => {
    const { api } = fakeApi();
    const searched = { ...WHOLE, search: "7" };
    const whole = rowsOf(api, output(10, 1));
    expect(rowsOf(api, output(10, 1), searched)).not.toBe(whole);
    expect(rowsOf(api, output(10, 1), { ...searched })).toBe(rowsOf(api, output(10, 1), searched));
    // Which columns are shown makes no difference to the rows.
    expect(rowsOf(api, output(10, 1), { ...WHOLE, columns: ["c0"] })).toBe(whole);
  });

  it("name columns so that none is taken for another", () => {
    const columnsOf = (columns: Parameters<typeof rowsPath>[3]) =>
      new URLSearchParams(rowsPath("x", 0, 5, columns).split("?")[1]).getAll("columns");
    expect(columnsOf(["a,b", "c"])).toEqual(["a,b", "c"]);
    expect(columnsOf(["a,b"])).toEqual(['["a,b"]']);
    expect(columnsOf(["a", { at: 3 }])).toEqual(['["a",{"at":3}]']);
  });
});
