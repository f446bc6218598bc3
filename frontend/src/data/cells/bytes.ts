/** Bytes of a cell: as a picture if they are one, else by their numbers. */

const PER_LINE = 16;
const PART = 0x2000;
/** What the bytes of pictures begin with. SVG is none of them: it is a program. */
const PICTURES: readonly (readonly [type: string, start: RegExp])[] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF[\s\S]{4}WEBP/],
];
const IN_TEXT = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$/;

/** What kind of picture bytes begin like; undefined when they begin like none. */
export function pictureType(bytes: Uint8Array): string | undefined {
  const start = letters(bytes.subarray(0, PER_LINE));
  return PICTURES.find(([, pattern]) => pattern.test(start))?.[0];
}

/** A text that is the address of a picture which it holds itself; undefined for any other. */
export function textPicture(text: string): string | undefined {
  return IN_TEXT.test(text) ? text : undefined;
}

/** Lines of place, bytes, and the letters among them: "00000010  50 4e 47  PNG". */
export function hexLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const line = bytes.subarray(at, at + PER_LINE);
    const numbers = Array.from(line, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const seen = letters(line).replace(/[^\x20-\x7e]/g, ".");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${numbers.padEnd(3 * PER_LINE)} ${seen}`);
  }
  return lines.join("\n");
}

function letters(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PART) {
    text += String.fromCharCode(...bytes.subarray(at, at + PART));
  }
  return text;
}
