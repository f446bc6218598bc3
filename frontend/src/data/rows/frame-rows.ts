/** The rows of one stored table, fetched by windows as they are looked at. */
import type { Api } from "../../client";
import type { Output } from "../../protocol";
import { type ArrowType, decode, type Part } from "./decode";
import {
  keyOf,
  type Range,
  rangeOf,
  type Shape,
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

/** Bytes of windows that one table keeps. */
const KEPT_BYTES = 16_000_000;
/** Rows of one piece of a copy; more columns than these are not named one by one. */
const PIECE_ROWS = 2_000;
const NAMED_COLUMNS = 200;
/** Between two looks at where a fast scroll has come to. */
const PACE_MS = 40;

/**
 * Windows of an output, kept by place: outputs never change. Several viewers may share one; what
 * none of them looks at any more is not fetched to its end.
 */
export class FrameRows {
  readonly shape: Shape;
  readonly #api: Api;
  readonly #address: string;
  readonly #names: readonly string[];
  readonly #held = new Map<string, Held>();
  readonly #flights = new Map<string, AbortController>();
  readonly #wanted = new Map<object, WindowPlace[]>();
  readonly #listeners = new Set<() => void>();
  #heldBytes = 0;
  #version = 0;
  #error: unknown;
  #pace: ReturnType<typeof setTimeout> | undefined;
  #isDue = false;

  constructor(api: Api, output: Output) {
    this.#api = api;
    this.#address = output.address;
    this.#names = output.columns.map((column) => column.name);
    this.shape = { rows: output.rows ?? 0, columns: this.#names.length };
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
  look(viewer: object, range: Range): void {
    this.#wanted.set(viewer, windowsAround(range, this.shape));
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
   * Gives rows of a range one after another, fetched in pieces that are not kept: what is in sight
   * stays. Throws `ApiError`.
   */
  async *read(range: Range): AsyncGenerator<Cell[], void, void> {
    const all = range.lastColumn - range.firstColumn >= NAMED_COLUMNS;
    const names = all ? [] : this.#names.slice(range.firstColumn, range.lastColumn + 1);
    const skipped = all ? range.firstColumn : 0;
    let row = range.firstRow;
    while (row <= range.lastRow) {
      const limit = Math.min(PIECE_ROWS, range.lastRow - row + 1);
      const part = decode(await this.#api.bytes(rowsPath(this.#address, row, limit, names)));
      if (part.rows === 0) return;
      const columns = part.columns.slice(
        skipped,
        skipped + range.lastColumn - range.firstColumn + 1,
      );
      for (let at = 0; at < part.rows; at++) {
        yield columns.map((column) => ({ value: column.at(at), type: column.type }));
      }
      row += part.rows;
    }
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
    const names = this.#names.slice(firstColumn, lastColumn + 1);
    const limit = lastRow - firstRow + 1;
    const found: Held = { bytes: 0, parts: [], complete: false };
    let here = 0;
    while (here < limit) {
      const path = rowsPath(this.#address, firstRow + here, limit - here, names);
      const bytes = await this.#api.bytes(path, { signal });
      if (signal.aborted) return;
      const part = decode(bytes);
      if (part.rows === 0) break;
      here += part.rows;
      found.bytes += bytes.byteLength;
      found.parts.push(part);
      found.complete = here >= limit;
      this.#keep(key, found, bytes.byteLength);
      if (!found.complete) this.#changed();
    }
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

/** Each column by its own argument; a lone one twice, because a single argument is a list. */
export function rowsPath(
  address: string,
  offset: number,
  limit: number,
  names: readonly string[],
): string {
  const query = new URLSearchParams({ offset: String(offset), limit: String(limit) });
  for (const name of names) query.append("columns", name);
  const [only] = names;
  if (names.length === 1 && only !== undefined) query.append("columns", only);
  return `outputs/${address}/rows?${query}`;
}

const REMEMBERED = 16;
const remembered = new WeakMap<Api, Map<string, FrameRows>>();

/** The rows of an output, shared by everyone who looks at it. */
export function rowsOf(api: Api, output: Output): FrameRows {
  const known = remembered.get(api) ?? new Map<string, FrameRows>();
  remembered.set(api, known);
  const rows = known.get(output.address) ?? new FrameRows(api, output);
  known.delete(output.address);
  known.set(output.address, rows);
  for (const old of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(old);
  }
  return rows;
}
