/** Places in text: the wire counts lines from 1 and columns in code points, CodeMirror in UTF-16 units. */
import type { Text } from "@codemirror/state";

export interface Place {
  line: number;
  column: number;
}

/** Code points in the first `units` UTF-16 units of `text`. */
export function codePoints(text: string, units: number): number {
  let points = 0;
  for (let index = 0; index < units; points += 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return points;
}

/** UTF-16 units of the first `points` code points of `text`, at most its length. */
export function utf16Units(text: string, points: number): number {
  let index = 0;
  for (let point = 0; point < points && index < text.length; point += 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return index;
}

export function placeAt(doc: Text, offset: number): Place {
  const line = doc.lineAt(offset);
  return { line: line.number, column: codePoints(line.text, offset - line.from) };
}

/** The offset of a place, moved to the nearest one that exists. */
export function offsetOf(doc: Text, place: Place): number {
  const line = doc.line(Math.min(Math.max(place.line, 1), doc.lines));
  return line.from + utf16Units(line.text, Math.max(place.column, 0));
}
