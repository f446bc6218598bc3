/** What a terminal would show of a growing text, in bounded room: nothing of it ever becomes markup. */
export interface Piece {
  text: string;
  /** `red`, `green` … of the eight terminal colours, or null for the text's own. */
  colour: string | null;
  bold: boolean;
}

export interface Line {
  pieces: readonly Piece[];
  /** Characters that were too many for one line. */
  hidden: number;
  /** Bytes that were written here too fast to be shown; such a line has no text. */
  gap: number;
}

/** Lines that are drawn together; the same object as long as nothing in it has changed. */
export interface Chunk {
  /** Number of its first line, from the beginning of the text. */
  first: number;
  lines: readonly Line[];
}

export const KEPT_LINES: number = 5000;
export const LONGEST_LINE: number = 10_000;
const CHUNK_LINES = 200;
const HIGHEST_JUMP = 100;
const LONGEST_CODE = 4096;

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const EMPTY: Line = { pieces: [], hidden: 0, gap: 0 };
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/g;
const CODE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape is what starts a terminal code
  /\u001b(?:\[([0-?]*)[ -/]*([@-~])|\](?:[^\u0007\u001b]*)(?:\u0007|\u001b\\)|[ -/]*[0-Z\\^-~])/y;

export class Terminal {
  /** Number of the first line that is kept. */
  private first = 0;
  private lines: Line[] = [EMPTY];
  private row = 0;
  private column = 0;
  private style: Omit<Piece, "text"> = { colour: null, bold: false };
  private half = "";
  private touched = 0;
  private chunks: Chunk[] = [];

  /** Continues the text. */
  write(text: string): void {
    const whole = this.half + text;
    this.half = "";
    let from = 0;
    CONTROL.lastIndex = 0;
    for (let found = CONTROL.exec(whole); found !== null; found = CONTROL.exec(whole)) {
      this.put(whole.slice(from, found.index));
      from = this.obey(whole, found.index);
      CONTROL.lastIndex = from;
    }
    this.put(whole.slice(from));
  }

  /** Notes that so many bytes are missing here; a line that keeps being overwritten has one note. */
  gap(bytes: number): void {
    this.half = "";
    const last = this.lines.length - 1;
    const before = this.lines[last - 1];
    if (before !== undefined && before.gap > 0 && this.row === last) {
      this.change(last - 1, { ...EMPTY, gap: before.gap + bytes });
      this.change(last, EMPTY);
    } else {
      if (this.lines[last] !== EMPTY) this.lines.push(EMPTY);
      this.change(this.lines.length - 1, { ...EMPTY, gap: bytes });
      this.lines.push(EMPTY);
    }
    this.row = this.lines.length - 1;
    this.column = 0;
    this.trim();
  }

  /** The lines that are kept, in chunks. */
  view(): readonly Chunk[] {
    const known = new Map(this.chunks.map((chunk) => [chunk.first, chunk]));
    const shown: Chunk[] = [];
    // The line that nothing has been written to yet.
    const count = this.lines.length - (this.lines.at(-1) === EMPTY ? 1 : 0);
    for (let at = 0; at < count; at += CHUNK_LINES) {
      const first = this.first + at;
      const old = known.get(first);
      const isSame = old?.lines.length === CHUNK_LINES && first + CHUNK_LINES <= this.touched;
      const lines = isSame ? old.lines : this.lines.slice(at, Math.min(at + CHUNK_LINES, count));
      shown.push(isSame ? old : { first, lines });
    }
    this.touched = this.first + this.lines.length - 1;
    this.chunks = shown;
    return shown;
  }

  /** Takes the control character at `index`; returns where the text goes on. */
  private obey(text: string, index: number): number {
    const sign = text[index];
    if (sign === "\n") this.nextLine();
    else if (sign === "\r") this.column = 0;
    else if (sign === "\b") this.column = Math.max(0, this.column - 1);
    else if (sign === "\u001b") return this.command(text, index);
    else if (sign !== "\u0007") this.put(picture(sign ?? ""));
    return index + 1;
  }

  private command(text: string, index: number): number {
    CODE.lastIndex = index;
    const found = CODE.exec(text);
    if (found === null) {
      const rest = text.slice(index);
      // It may be the beginning of a code whose end is still to come.
      if (rest.length < LONGEST_CODE && /^.(?:$|[[\]][^\n]*$)/.test(rest)) {
        this.half = rest;
        return text.length;
      }
      return index + 1;
    }
    const count = Math.max(1, Number(found[1]) || 1);
    switch (found[2]) {
      case "m":
        this.style = styled(this.style, found[1] ?? "");
        break;
      case "K":
        this.erase(Number(found[1]) || 0);
        break;
      case "A":
        this.row = Math.max(0, this.row - Math.min(count, HIGHEST_JUMP));
        break;
      case "B":
        this.row = Math.min(this.lines.length - 1, this.row + count);
        break;
      case "C":
        this.column = Math.min(LONGEST_LINE, this.column + count);
        break;
      case "D":
        this.column = Math.max(0, this.column - count);
        break;
      case "G":
        this.column = Math.min(LONGEST_LINE, count - 1);
        break;
    }
    return index + found[0].length;
  }

  private nextLine(): void {
    this.column = 0;
    this.row += 1;
    if (this.row === this.lines.length) {
      this.lines.push(EMPTY);
      this.trim();
    }
  }

  private trim(): void {
    while (this.lines.length >= KEPT_LINES + CHUNK_LINES) {
      this.lines.splice(0, CHUNK_LINES);
      this.first += CHUNK_LINES;
      this.row = Math.max(0, this.row - CHUNK_LINES);
    }
  }

  private put(text: string): void {
    if (text === "") return;
    const line = this.lines[this.row] ?? EMPTY;
    const room = Math.max(0, LONGEST_LINE - this.column);
    const shown = text.length > room ? text.slice(0, room) : text;
    const length = lengthOf(line);
    const pieces = [...cut(line.pieces, 0, this.column)];
    if (this.column > length) {
      pieces.push({ text: " ".repeat(this.column - length), colour: null, bold: false });
    }
    const last = pieces.at(-1);
    if (last !== undefined && last.colour === this.style.colour && last.bold === this.style.bold) {
      pieces[pieces.length - 1] = { ...last, text: last.text + shown };
    } else if (shown !== "") {
      pieces.push({ text: shown, ...this.style });
    }
    this.column += shown.length;
    if (this.column < length) pieces.push(...cut(line.pieces, this.column, length));
    const hidden = line.hidden + text.length - shown.length;
    this.change(this.row, { pieces, hidden, gap: line.gap });
  }

  private erase(what: number): void {
    const line = this.lines[this.row] ?? EMPTY;
    if (what === 2) this.change(this.row, EMPTY);
    else if (what === 0) {
      this.change(this.row, { ...EMPTY, pieces: cut(line.pieces, 0, this.column) });
    } else if (what === 1) {
      const blank: Piece = { text: " ".repeat(this.column), colour: null, bold: false };
      const rest = cut(line.pieces, this.column, lengthOf(line));
      this.change(this.row, { ...line, pieces: [blank, ...rest] });
    }
  }

  private change(row: number, line: Line): void {
    this.lines[row] = line;
    this.touched = Math.min(this.touched, this.first + row);
  }
}

/** A text as a terminal shows it once it has all been written. */
export function linesOf(text: string): readonly Chunk[] {
  const terminal = new Terminal();
  terminal.write(text.replace(/\r?\n$/, ""));
  return terminal.view();
}

export function textOf(line: Line): string {
  return line.pieces.map(({ text }) => text).join("");
}

function lengthOf(line: Line): number {
  let length = 0;
  for (const { text } of line.pieces) length += text.length;
  return length;
}

/** The part of a line from one column to another. */
function cut(pieces: readonly Piece[], from: number, to: number): Piece[] {
  const kept: Piece[] = [];
  let at = 0;
  for (const piece of pieces) {
    const text = piece.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== "") kept.push(text.length === piece.text.length ? piece : { ...piece, text });
    at += piece.text.length;
  }
  return kept;
}

/** A sign to see for what cannot be printed; SUB stands for a byte that is no text. */
function picture(sign: string): string {
  const code = sign.charCodeAt(0);
  if (code === 0x1a) return "\ufffd";
  return `\\x${code.toString(16).padStart(2, "0")}`;
}

function styled(style: Omit<Piece, "text">, codes: string): Omit<Piece, "text"> {
  let { colour, bold } = style;
  const numbers = codes.split(";").map(Number);
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0;
    if (code === 0) [colour, bold] = [null, false];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code === 39) colour = null;
    else if (code >= 30 && code <= 37) colour = COLOURS[code - 30] ?? null;
    else if (code >= 90 && code <= 97) colour = COLOURS[code - 90] ?? null;
    else if (code === 38 || code === 48) {
      // One of 256 colours, or of all: 38;5;n or 38;2;r;g;b. The first 16 are the terminal's.
      const isIndexed = numbers[at + 1] === 5;
      const index = numbers[at + 2] ?? 256;
      if (code === 38) colour = isIndexed && index < 16 ? (COLOURS[index % 8] ?? null) : colour;
      at += isIndexed ? 2 : 4;
    }
  }
  return { colour, bold };
}
