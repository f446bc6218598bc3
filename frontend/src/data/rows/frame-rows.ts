/** The rows of one view of a stored table, fetched by windows as they are looked at. */
import type { Api } from "../../client";
import type { Column, Output } from "../../protocol";
import {
  type ColumnReference,
  type FramePlace,
  isWhole,
  referenceTo,
  rowsQuery,
  type View,
  viewFor,
  viewOf,
  WHOLE,
} from "../view";
import { type ArrowType, decode, type Part } from "./decode";
import type { CellPiece } from "./whole-cell";
import {
  keyOf,
  rangeOf,
  type Shape,
  type Sight,
  WINDOW_COLUMNS,
  WINDOW_ROWS,
  type WindowPlace,
  windowsAround,
} from "./windows";

export interface Cell {
  value: unknown;
  type: ArrowType;
}

interface Held {
  bytes: number;
  /** In order; the server ends a window early when its cells are large. */
  parts: Part[];
  complete: boolean;
}

/** What is looked at of a table that nobody has seen yet. */
export const FIRST_LOOK: Sight = { firstRow: 0, lastRow: 0, columns: [0] };

/** Bytes of windows that one table keeps. */
const KEPT_BYTES = 16_000_000;
/** Rows and columns of one piece of a copy. */
const PIECE_ROWS = 2_000;
const PIECE_COLUMNS = 500;
/** Between two looks at where a fast scroll has come to. */
const PACE_MS = 40;

/**
 * Windows of an output, kept by place: outputs never change. Several viewers may share one; what
 * none of them looks at any more is not fetched to its end.
 */
export class FrameRows {
  /** Columns in the order of the table; cells are asked for by their places in it. */
  readonly columns: readonly Column[];
  readonly address: string;
  readonly #api: Api;
  readonly #query: Readonly<Record<string, string>>;
  readonly #held = new Map<string, Held>();
  readonly #flights = new Map<string, AbortController>();
  readonly #wanted = new Map<object, WindowPlace[]>();
  readonly #listeners = new Set<() => void>();
  #shape: Shape;
  #isCounted: boolean;
  #heldBytes = 0;
  #version = 0;
  #error: unknown;
  #pace: ReturnType<typeof setTimeout> | undefined;
  #isDue = false;

  constructor(
    api: Api,
    output: Output,
    view: View = WHOLE,
    columns: readonly Column[] = output.columns,
  ) {
    this.#api = api;
    this.address = output.address;
    this.columns = columns;
    this.#query = rowsQuery(view);
    this.#isCounted = isWhole(view);
    this.#shape = { rows: output.rows ?? 0, columns: columns.length };
  }

  /** Until the first rows have come, a view may turn out to have fewer. */
  get shape(): Shape {
    return this.#shape;
  }

  /** Is it known how many rows there are. */
  get isCounted(): boolean {
    return this.#isCounted;
  }

  /** Are its first rows here, or is there nothing to wait for. */
  get isReady(): boolean {
    if (!this.#isCounted) return false;
    return this.#shape.rows === 0 || this.#shape.columns === 0 || this.#held.size > 0;
  }

  /** Counts what has changed: windows that came, failures. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Why the last window did not come; undefined when all came. */
  get error(): unknown {
    return this.#error;
  }

  /** A cell, or undefined while it is not here. */
  cell(row: number, column: number): Cell | undefined {
    const place = {
      down: Math.floor(row / WINDOW_ROWS),
      across: Math.floor(column / WINDOW_COLUMNS),
    };
    let at = row - place.down * WINDOW_ROWS;
    for (const part of this.#held.get(keyOf(place))?.parts ?? []) {
      if (at >= part.rows) {
        at -= part.rows;
        continue;
      }
      const values = part.columns[column - place.across * WINDOW_COLUMNS];
      return values === undefined ? undefined : { value: values.at(at), type: values.type };
    }
    return undefined;
  }

  /** Says what a viewer sees now: it is fetched, and what nobody sees any more is called off. */
  look(viewer: object, sight: Sight): void {
    this.#wanted.set(viewer, windowsAround(sight, this.shape));
    if (this.#pace === undefined) this.#pump();
    else this.#isDue = true;
  }

  /** A viewer has gone. */
  leave(viewer: object): void {
    this.#wanted.delete(viewer);
    this.#callOff();
  }

  /** Asks again for what did not come. */
  retry(): void {
    this.#error = undefined;
    this.#pump();
    this.#changed();
  }

  /**
   * Gives rows one after another, fetched in pieces that are not kept: what is in sight stays.
   * Throws `ApiError`.
   */
  async *read({ firstRow, lastRow, columns }: Sight): AsyncGenerator<Cell[], void, void> {
    const groups: number[][] = [];
    for (let at = 0; at < columns.length; at += PIECE_COLUMNS) {
      groups.push(columns.slice(at, at + PIECE_COLUMNS));
    }
    let row = firstRow;
    while (row <= lastRow) {
      let limit = Math.min(PIECE_ROWS, lastRow - row + 1);
      const parts: Part[] = [];
      for (const group of groups) {
        const part = decode(await (await this.#ask(row, limit, group)).arrayBuffer());
        parts.push(part);
        limit = Math.min(limit, part.rows);
      }
      if (limit === 0) return;
      for (let at = 0; at < limit; at++) {
        yield parts.flatMap((part) =>
          part.columns.map((column) => ({ value: column.at(at), type: column.type })),
        );
      }
      row += limit;
    }
  }

  /** Some bytes of one cell, whole. Throws `ApiError`. */
  async piece(
    row: number,
    column: number,
    { offset, limit, signal }: { offset: number; limit: number; signal?: AbortSignal },
  ): Promise<CellPiece> {
    const name = JSON.stringify([referenceTo(this.columns, column)]);
    const query = { row, column: name, offset, limit, ...this.#query };
    const path = `outputs/${this.address}/cell`;
    const response = await this.#api.response(path, signal ? { query, signal } : { query });
    return {
      kind: (response.headers.get("X-Cell-Kind") ?? "text") as CellPiece["kind"],
      total: Number(response.headers.get("X-Total-Bytes")),
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
  }

  #ask(
    offset: number,
    limit: number,
    columns: readonly number[],
    signal?: AbortSignal,
  ): Promise<Response> {
    const references = columns.map((at) => referenceTo(this.columns, at));
    const path = rowsPath(this.address, offset, limit, references, this.#query);
    return this.#api.response(path, signal === undefined ? {} : { signal });
  }

  #pump(): void {
    this.#isDue = false;
    this.#callOff();
    if (this.#error !== undefined) return;
    let started = false;
    for (const places of this.#wanted.values()) {
      for (const place of places) started = this.#fetch(place) || started;
    }
    if (!started) return;
    this.#pace = setTimeout(() => {
      this.#pace = undefined;
      if (this.#isDue) this.#pump();
    }, PACE_MS);
  }

  #callOff(): void {
    const wanted = new Set([...this.#wanted.values()].flat().map(keyOf));
    for (const [key, flight] of this.#flights) {
      if (wanted.has(key)) continue;
      this.#flights.delete(key);
      flight.abort();
    }
  }

  /** True when this starts a request. */
  #fetch(place: WindowPlace): boolean {
    const key = keyOf(place);
    const held = this.#held.get(key);
    if (held?.complete === true) {
      this.#held.delete(key);
      this.#held.set(key, held);
      return false;
    }
    if (this.#flights.has(key)) return false;
    const flight = new AbortController();
    this.#flights.set(key, flight);
    void this.#take(place, flight.signal)
      .catch((error: unknown) => {
        if (!flight.signal.aborted) this.#error = error;
      })
      .finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        if (!flight.signal.aborted) this.#changed();
      });
    return true;
  }

  async #take(place: WindowPlace, signal: AbortSignal): Promise<void> {
    const key = keyOf(place);
    const { firstRow, lastRow, firstColumn, lastColumn } = rangeOf(place, this.shape);
    const columns = Array.from(
      { length: lastColumn - firstColumn + 1 },
      (_, at) => firstColumn + at,
    );
    const limit = lastRow - firstRow + 1;
    const found: Held = { bytes: 0, parts: [], complete: false };
    let here = 0;
    while (here < limit) {
      const response = await this.#ask(firstRow + here, limit - here, columns, signal);
      const bytes = await response.arrayBuffer();
      if (signal.aborted) return;
      this.#count(response.headers.get("X-Total-Rows"));
      const part = decode(bytes);
      found.complete = part.rows === 0;
      here += part.rows;
      found.bytes += bytes.byteLength;
      found.parts.push(part);
      found.complete ||= here >= Math.min(limit, this.#shape.rows - firstRow);
      this.#keep(key, found, bytes.byteLength);
      if (found.complete) return;
      this.#changed();
    }
  }

  #count(total: string | null): void {
    if (this.#isCounted || total === null) return;
    this.#isCounted = true;
    this.#shape = { ...this.#shape, rows: Number(total) };
  }

  #keep(key: string, window: Held, more: number): void {
    const before = this.#held.get(key);
    if (before !== undefined && before !== window) this.#heldBytes -= before.bytes;
    this.#held.delete(key);
    this.#held.set(key, window);
    this.#heldBytes += before === window ? more : window.bytes;
    for (const [old, { bytes }] of this.#held) {
      if (this.#heldBytes <= KEPT_BYTES || old === key) break;
      this.#held.delete(old);
      this.#heldBytes -= bytes;
    }
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** Each column by its own argument; in JSON where a name alone does not say which, or is alone. */
export function rowsPath(
  address: string,
  offset: number,
  limit: number,
  columns: readonly ColumnReference[],
  view: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({ offset: String(offset), limit: String(limit), ...view });
  const isNamed = columns.length > 1 && columns.every((column) => typeof column === "string");
  if (isNamed) for (const column of columns) query.append("columns", column);
  else query.set("columns", JSON.stringify(columns));
  return `outputs/${address}/rows?${query}`;
}

const REMEMBERED = 16;
const remembered = new WeakMap<Api, Map<string, FrameRows>>();

/** The rows of a view of an output, shared by everyone who looks at it. */
export function rowsOf(
  api: Api,
  output: Output,
  view: View = WHOLE,
  columns: readonly Column[] = output.columns,
): FrameRows {
  const known = remembered.get(api) ?? new Map<string, FrameRows>();
  remembered.set(api, known);
  const key = JSON.stringify([output.address, columns.length, rowsQuery(view)]);
  const rows = known.get(key) ?? new FrameRows(api, output, view, columns);
  known.delete(key);
  known.set(key, rows);
  for (const old of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(old);
  }
  return rows;
}

/** The rows of an output, in the view that its place has. */
export function rowsInPlace(api: Api, output: Output, place: FramePlace): FrameRows {
  return rowsOf(api, output, viewFor(viewOf(place), output.columns), output.columns);
}
