/** Arrangements of columns, kept by this browser for each block. */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { createStore } from "zustand/vanilla";
import type { Column } from "../../protocol";
import { changeView, type FramePlace, referenceTo, sameReference, viewOf } from "../view";
import { type Arrangement, AS_STORED, arrange, type ColumnChoice, isAsStored } from "./choice";

const PREFIX = "headrace-columns:";
/** Blocks whose arrangement is kept; the ones not changed for longest go first. */
const KEPT = 200;

const store = createStore<Readonly<Record<FramePlace, ColumnChoice>>>(() => ({}));

/** Places of single outputs are not kept: nobody comes back to them. */
function isKept(place: FramePlace): boolean {
  return !place.startsWith(":") && typeof localStorage !== "undefined";
}

export function choiceOf(place: FramePlace): ColumnChoice {
  const known = store.getState()[place];
  if (known !== undefined) return known;
  const stored = isKept(place) ? readChoice(localStorage.getItem(PREFIX + place)) : AS_STORED;
  store.setState({ [place]: stored });
  return stored;
}

/** Changes an arrangement, keeps it, and tells the view which columns are left. */
export function changeChoice(
  place: FramePlace,
  columns: readonly Column[],
  change: (before: ColumnChoice) => ColumnChoice,
): void {
  const before = choiceOf(place);
  const next = change(before);
  if (next === before) return;
  store.setState({ [place]: next });
  if (isKept(place)) keep(place, next);
  tellView(place, columns, arrange(columns, next));
}

/** The view names the columns only where they are not those of the table in its order. */
function tellView(place: FramePlace, columns: readonly Column[], arrangement: Arrangement): void {
  const next = isAsStored(columns, arrangement)
    ? null
    : arrangement.order.map((at) => referenceTo(columns, at));
  const before = viewOf(place).columns;
  const isSame =
    before === next ||
    (before?.length === next?.length &&
      before?.every((one, at) => sameReference(one, next?.[at] ?? "")) === true);
  if (!isSame) changeView(place, { columns: next });
}

export interface ColumnLayout {
  choice: ColumnChoice;
  arrangement: Arrangement;
  change(change: (before: ColumnChoice) => ColumnChoice): void;
}

/** The arrangement of a place's columns. */
export function useColumnLayout(place: FramePlace, columns: readonly Column[]): ColumnLayout {
  const choice = useSyncExternalStore(store.subscribe, () => choiceOf(place));
  const { hidden, frozen, moved } = choice;
  const arrangement = useMemo(
    () => arrange(columns, { widths: {}, hidden, frozen, moved }),
    [columns, hidden, frozen, moved],
  );
  const change = useCallback(
    (next: (before: ColumnChoice) => ColumnChoice) => changeChoice(place, columns, next),
    [columns, place],
  );
  return { choice, arrangement, change };
}

/** Lets the view of a place know an arrangement of an earlier day. Call it before the rows are shown. */
export function recallChoice(place: FramePlace, columns: readonly Column[]): void {
  tellView(place, columns, arrange(columns, choiceOf(place)));
}

function keep(place: FramePlace, choice: ColumnChoice): void {
  const key = PREFIX + place;
  try {
    if (isUntouched(choice)) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ ...choice, at: Date.now() }));
    forgetOld();
  } catch {
    // The browser's store is full or forbidden: the arrangement lasts as long as the page.
  }
}

function isUntouched({ widths, hidden, frozen, moved }: ColumnChoice): boolean {
  return Object.keys(widths).length + hidden.length + frozen.length + moved.length === 0;
}

function forgetOld(): void {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  if (keys.length <= KEPT) return;
  const aged = keys.map((key) => [ageOf(localStorage.getItem(key)), key] as const);
  aged.sort(([one], [other]) => one - other);
  for (const [, key] of aged.slice(0, keys.length - KEPT)) localStorage.removeItem(key);
}

function ageOf(text: string | null): number {
  try {
    return Number((JSON.parse(text ?? "") as { at?: number }).at ?? 0);
  } catch {
    return 0;
  }
}

/** What somebody else wrote there is no arrangement. */
export function readChoice(text: string | null): ColumnChoice {
  try {
    const read = JSON.parse(text ?? "null") as Partial<ColumnChoice> | null;
    if (read === null || typeof read !== "object") return AS_STORED;
    const { widths = {}, hidden = [], frozen = [], moved = [] } = read;
    const isText = (one: unknown): one is string => typeof one === "string";
    return {
      widths: Object.fromEntries(
        Object.entries(widths).filter(([, width]) => Number.isFinite(width)),
      ),
      hidden: hidden.filter(isText),
      frozen: frozen.filter(isText),
      moved: moved.filter(([key, after]) => isText(key) && (after === null || isText(after))),
    };
  } catch {
    return AS_STORED;
  }
}
