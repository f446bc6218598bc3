/** The ways in which a value is read: JSON over several lines, plain text, a picture, bytes. */
import type { Cell } from "../rows/frame-rows";
import type { PartOfCell } from "../rows/whole-cell";
import { hexLines, pictureType, textPicture } from "./bytes";
import { bytesOf, readableText } from "./format";
import { readableJson } from "./json";

export type Way = "picture" | "json" | "text" | "bytes";

export interface Reading {
  /** The best one first. */
  ways: readonly Way[];
  /** Of every way but the picture. */
  textIn(way: Way): string;
  /** What a picture is drawn from: its bytes with their type, or its address. */
  picture: { type: string; bytes: Uint8Array } | string | undefined;
  /** The value itself, to be copied. */
  whole: string;
}

/** How a cell is read that came whole with its row. */
export function readingOf(cell: Cell): Reading {
  const bytes = bytesOf(cell);
  if (bytes !== undefined && bytes.length > 0) return ofBytes(bytes, true);
  if (typeof cell.value !== "string") return ofText(readableText(cell), false);
  return ofText(cell.value, true);
}

/** How what is here of a long cell is read. */
export function readingOfPart({ kind, bytes, total }: PartOfCell): Reading {
  const isWhole = bytes.length >= total;
  if (kind === "bytes") return ofBytes(bytes, isWhole);
  // A letter that is cut at the end waits for its other bytes.
  const text = new TextDecoder().decode(bytes, { stream: !isWhole });
  return ofText(text, isWhole);
}

function ofText(text: string, mayBeJson: boolean): Reading {
  const json = mayBeJson ? readableJson(text) : undefined;
  const picture = textPicture(text);
  return {
    ways: [
      ...(picture === undefined ? [] : (["picture"] as const)),
      ...(json === undefined ? [] : (["json"] as const)),
      "text",
    ],
    textIn: (way) => (way === "json" && json !== undefined ? json : text === "" ? '""' : text),
    picture,
    whole: text,
  };
}

function ofBytes(bytes: Uint8Array, isWhole: boolean): Reading {
  const type = isWhole ? pictureType(bytes) : undefined;
  const text = textOf(bytes, isWhole);
  return {
    ways: [
      ...(type === undefined ? [] : (["picture"] as const)),
      "bytes",
      ...(text === undefined ? [] : (["text"] as const)),
    ],
    textIn: (way) => (way === "text" && text !== undefined ? text : hexLines(bytes)),
    picture: type === undefined ? undefined : { type, bytes },
    whole: "",
  };
}

/** Bytes that are text in UTF-8; undefined when they are not. */
function textOf(bytes: Uint8Array, isWhole: boolean): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: text has none of them
    return /[\u0000-\u0008\u000e-\u001a]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
