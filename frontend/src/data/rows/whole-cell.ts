/** A cell that is longer than what comes with its row, fetched piece by piece. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Cell, FrameRows } from "./frame-rows";

/** Characters of a text, or bytes, that the server sends with its row. */
export const SENT = 4_096;
/** Bytes that are fetched at once, at first and by "Show more". */
const PIECE = 256 << 10;
/** Bytes up to which JSON and pictures are fetched to their end: in part they are neither. */
const WHOLE = 8 << 20;
/** Bytes that a copy or a file may have. */
export const MOST: number = 256 << 20;

export type CellKind = "null" | "text" | "json" | "bytes";

export interface CellPiece {
  kind: CellKind;
  total: number;
  bytes: Uint8Array;
}

/** What is here of a cell. */
export interface PartOfCell {
  kind: CellKind;
  bytes: Uint8Array;
  total: number;
}

/** Was the value cut when it was sent with its row. */
export function isCut({ value }: Cell): boolean {
  if (value instanceof Uint8Array) return value.length >= SENT;
  return typeof value === "string" && value.length > SENT && value.endsWith("…");
}

/** Fetches a cell from where `before` ends, up to `until` bytes; calls back after each piece. */
export async function readCell(
  rows: Pick<FrameRows, "piece">,
  place: { row: number; column: number },
  options: {
    before?: PartOfCell | null;
    until: number;
    signal?: AbortSignal;
    onPart?(part: PartOfCell): void;
  },
): Promise<PartOfCell> {
  const parts: Uint8Array[] = options.before ? [options.before.bytes] : [];
  let here = options.before?.bytes.length ?? 0;
  for (;;) {
    const piece = await rows.piece(place.row, place.column, {
      offset: here,
      limit: PIECE,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    parts.push(piece.bytes);
    here += piece.bytes.length;
    const bytes = joined(parts, here);
    const part = { kind: piece.kind, total: piece.total, bytes };
    parts.splice(0, parts.length, bytes);
    options.onPart?.(part);
    const isAll = here >= piece.total || piece.bytes.length === 0;
    if (isAll || here >= options.until) return part;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Is it worth while to fetch all of it at once: JSON and pictures make sense as a whole. */
export function wantsWhole({ kind, bytes, total }: PartOfCell): boolean {
  if (total > WHOLE) return false;
  if (kind === "json" || kind === "bytes") return true;
  const [first] = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  return first === "{" || first === "[";
}

export interface WholeCell {
  /** Null until the first piece is here, and for a cell that came whole with its row. */
  part: PartOfCell | null;
  isLoading: boolean;
  error: unknown;
  more(): void;
}

/** The cell in a row of a view, from its beginning on, when it came cut. */
export function useWholeCell(
  rows: FrameRows,
  place: { row: number; column: number },
  isWanted: boolean,
): WholeCell {
  const [part, setPart] = useState<PartOfCell | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [isLoading, setLoading] = useState(isWanted);
  const { row, column } = place;
  const flight = useRef<AbortController | null>(null);
  const read = useCallback(
    async (before: PartOfCell | null, until: number): Promise<void> => {
      const own = new AbortController();
      flight.current?.abort();
      flight.current = own;
      setLoading(true);
      setError(undefined);
      const options = { signal: own.signal, onPart: setPart };
      try {
        const found = await readCell(rows, { row, column }, { before, until, ...options });
        if (found.bytes.length < found.total && before === null && wantsWhole(found)) {
          await readCell(rows, { row, column }, { before: found, until: WHOLE, ...options });
        }
      } catch (thrown: unknown) {
        if (!own.signal.aborted) setError(thrown);
      }
      if (!own.signal.aborted) setLoading(false);
    },
    [rows, row, column],
  );
  useEffect(() => {
    if (isWanted) void read(null, PIECE);
    return () => flight.current?.abort();
  }, [isWanted, read]);
  const more = useCallback(() => {
    if (part !== null) void read(part, part.bytes.length + PIECE);
  }, [part, read]);
  return { part, isLoading, error, more };
}
