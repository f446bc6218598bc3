/**
 * What is typed and what is saved, of one block: a pure state machine.
 *
 * At most one save is on its way. A text from outside replaces a clean buffer; into a dirty one it
 * is merged when other lines were edited. Else the buffer keeps what was typed and holds the other
 * text as `theirs` until the user chooses.
 */
import { mergeLines } from "./merge";

export interface Version {
  text: string;
  hash: string;
}

export interface Buffer {
  /** What is on the screen. */
  text: string;
  /** What is known to be on the disk. */
  saved: Version;
  /** The text of the save on its way. */
  sending: string | null;
  /** The other text, while the two conflict. */
  theirs: Version | null;
  /** Why the last save was refused, other than by a conflict. */
  problem: string | null;
}

export function opened(saved: Version): Buffer {
  return { text: saved.text, saved, sending: null, theirs: null, problem: null };
}

/** The buffer of a text kept from before a reload, which was typed on top of `base`. */
export function restored(saved: Version, draft: { text: string; base: string }): Buffer {
  const buffer = opened(saved);
  if (draft.text === saved.text) {
    return buffer;
  }
  return { ...buffer, text: draft.text, theirs: draft.base === saved.hash ? null : saved };
}

export function isDirty(buffer: Buffer): boolean {
  return buffer.text !== buffer.saved.text;
}

export function edited(buffer: Buffer, text: string): Buffer {
  return text === buffer.text ? buffer : { ...buffer, text, problem: null };
}

/** Is there something to save, and nothing in the way of it? */
export function wantsSave(buffer: Buffer): boolean {
  return isDirty(buffer) && buffer.sending === null && buffer.theirs === null;
}

export function sent(buffer: Buffer): Buffer {
  return { ...buffer, sending: buffer.text, problem: null };
}

/** The disk now holds `version`: our own save, or an edit of someone else. */
export function changedOnDisk(buffer: Buffer, version: Version): Buffer {
  if (version.hash === buffer.saved.hash && version.text === buffer.saved.text) {
    return buffer.theirs === null ? buffer : { ...buffer, theirs: null };
  }
  if (version.text === buffer.sending) {
    return { ...buffer, saved: version, sending: null, theirs: null, problem: null };
  }
  if (version.text === buffer.text) {
    return opened(version);
  }
  if (!isDirty(buffer)) {
    return opened(version);
  }
  if (version.text === buffer.saved.text) {
    return { ...buffer, saved: version, theirs: null };
  }
  const merged = mergeLines(buffer.saved.text, buffer.text, version.text);
  if (merged !== null) return { ...buffer, text: merged, saved: version, theirs: null };
  return { ...buffer, theirs: version };
}

/** The save was refused; with `theirs`, because the disk holds another text. */
export function refused(buffer: Buffer, message: string, theirs: Version | null): Buffer {
  const idle = { ...buffer, sending: null };
  if (theirs === null) {
    return { ...idle, problem: message };
  }
  return changedOnDisk({ ...idle, theirs: null }, theirs);
}

export function keptMine(buffer: Buffer): Buffer {
  return buffer.theirs === null ? buffer : { ...buffer, saved: buffer.theirs, theirs: null };
}

export function tookTheirs(buffer: Buffer): Buffer {
  return buffer.theirs === null ? buffer : opened(buffer.theirs);
}
