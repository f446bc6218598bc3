import { describe, expect, it } from "vitest";
import type { Api } from "../../client";
import type { AnyEvent, Output } from "../../protocol";
import type { Session } from "../../session";
import { askAhead } from "./useRowsAhead";

const output = {
  kind: "table",
  address: "a1",
  rows: 500,
  columns: [{ name: "x", type: "int64" }],
} as unknown as Output;

function opened(): { asked: string[]; finish(block: string, output: Output): void; stop(): void } {
  const asked: string[] = [];
  const listeners = new Set<(event: AnyEvent) => void>();
  const session = {
    pipeline: "p",
    subscribe: (listener: (event: AnyEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Session;
  const api = {
    response: (path: string) => {
      asked.push(path);
      return new Promise(() => {});
    },
  } as unknown as Api;
  const stop = askAhead(api, session, "flights");
  const finish = (block: string, given: Output): void => {
    const event = { op: "block-finished", block, output: given } as unknown as AnyEvent;
    for (const listener of listeners) listener(event);
  };
  return { asked, finish, stop };
}

describe("the first rows of what a block gives", () => {
  it("are asked for when it has finished, before anything is drawn", () => {
    const { asked, finish } = opened();
    finish("flights", output);
    expect(asked).toEqual(["outputs/a1/rows?offset=0&limit=200&columns=%5B%22x%22%5D"]);
  });

  it("are not asked for when another block has finished, or it gave no table", () => {
    const { asked, finish } = opened();
    finish("planes", output);
    finish("flights", { ...output, kind: "value" } as unknown as Output);
    expect(asked).toEqual([]);
  });

  it("are not asked for once nobody looks", () => {
    const { asked, finish, stop } = opened();
    stop();
    finish("flights", output);
    expect(asked).toEqual([]);
  });
});
