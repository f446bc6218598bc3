/** Statistics of the columns in sight, fetched after their cells. */
import { useCallback, useSyncExternalStore } from "react";
import type { Api } from "../client";
import type { Column, Output } from "../protocol";
import { useApi } from "../session";
import type { ColumnProfile, Profile } from "./profile";
import { referenceTo } from "./view";

/** After the last column came into sight: rows go first, and a fast scroll asks for nothing. */
const WAIT_MS = 150;
/** Fewer columns than these are asked for together. */
const TOGETHER = 40;
const PIECE = 32;

export class ColumnProfiles {
  readonly #api: Api;
  readonly #address: string;
  readonly #columns: readonly Column[];
  readonly #known = new Map<number, ColumnProfile | null>();
  readonly #listeners = new Set<() => void>();
  #wanted: readonly number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #version = 0;
  #error: unknown;

  constructor(api: Api, output: Output, columns: readonly Column[]) {
    this.#api = api;
    this.#address = output.address;
    this.#columns = columns;
  }

  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The statistics of a column by its place; undefined while they are not here. */
  of(place: number): ColumnProfile | undefined {
    return this.#known.get(place) ?? undefined;
  }

  /** Why the last ones did not come; undefined when all came. */
  get error(): unknown {
    return this.#error;
  }

  /** Asks again for what did not come. */
  retry(): void {
    this.#error = undefined;
    for (const [place, profile] of this.#known) if (profile === null) this.#known.delete(place);
    this.#changed();
    this.#soon();
  }

  /** Says which columns are in sight. */
  look(places: readonly number[]): void {
    this.#wanted = places;
    this.#soon();
  }

  #soon(): void {
    if (this.#isAsking || !this.#wanted.some((place) => !this.#known.has(place))) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), WAIT_MS);
  }

  async #ask(): Promise<void> {
    const all = this.#columns.length <= TOGETHER;
    const places = all
      ? this.#columns.map((_, at) => at)
      : this.#wanted.filter((place) => !this.#known.has(place)).slice(0, PIECE);
    if (places.length === 0) return;
    this.#isAsking = true;
    const columns = JSON.stringify(places.map((at) => referenceTo(this.#columns, at)));
    try {
      const found = await this.#api.get<Profile>(
        `outputs/${this.#address}/profile`,
        all ? {} : { query: { columns } },
      );
      for (const [at, place] of places.entries()) {
        this.#known.set(place, found.columns[at] ?? null);
      }
    } catch (error: unknown) {
      // A header without its statistics is whole; the tab Profile says what is wrong.
      this.#error = error;
      for (const place of places) this.#known.set(place, null);
    }
    this.#isAsking = false;
    this.#changed();
    this.#soon();
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

const REMEMBERED = 16;
const remembered = new WeakMap<Api, Map<string, ColumnProfiles>>();

/** The statistics of an output's columns, shared by everyone who looks at it. */
export function useProfiles(output: Output, columns: readonly Column[]): ColumnProfiles {
  const api = useApi();
  const known = remembered.get(api) ?? new Map<string, ColumnProfiles>();
  remembered.set(api, known);
  const key = `${output.address} ${columns.length}`;
  const found = known.get(key) ?? new ColumnProfiles(api, output, columns);
  known.delete(key);
  known.set(key, found);
  for (const old of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(old);
  }
  return found;
}

/** Counts what has come since; null for nobody who looks at them. */
export function useProfilesVersion(profiles: ColumnProfiles | null): number {
  return useSyncExternalStore(
    useCallback((listener) => profiles?.subscribe(listener) ?? (() => {}), [profiles]),
    () => profiles?.version() ?? 0,
  );
}
