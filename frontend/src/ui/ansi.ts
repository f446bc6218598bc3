/** Colours of terminal text, as plain pieces: nothing of a log ever becomes markup. */
export interface Piece {
  text: string;
  /** `red`, `green` … of the eight terminal colours, or null for the text's own. */
  colour: string | null;
  bold: boolean;
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape is what starts a terminal code
const CODE = /\u001b\[([0-9;]*)([A-Za-z])/g;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let style = { colour: null as string | null, bold: false };
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), ...style });
    from = match.index + match[0].length;
    if (match[2] === "m") style = apply(style, match[1] ?? "");
  }
  if (from < text.length) found.push({ text: text.slice(from), ...style });
  return found;
}

/** As a terminal shows it: a carriage return starts the line again. */
export function settled(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.slice(line.lastIndexOf("\r", line.length - 2) + 1).replace(/\r$/, ""))
    .join("\n");
}

function apply(style: Omit<Piece, "text">, codes: string): Omit<Piece, "text"> {
  let { colour, bold } = style;
  for (const code of codes.split(";").map(Number)) {
    if (code === 0) [colour, bold] = [null, false];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code === 39) colour = null;
    else if (code >= 30 && code <= 37) colour = COLOURS[code - 30] ?? null;
    else if (code >= 90 && code <= 97) colour = COLOURS[code - 90] ?? null;
  }
  return { colour, bold };
}
