import { useEffect, useRef } from "react";
import { type CommandId, SHORTCUTS, type Shortcut } from "./shortcuts";
import { singleKeysOn } from "./single-keys";

/** What a command does while something that can do it is on the page. */
export interface Handler {
  run(): void;
  /** False leaves the key to the browser and the command out of the palette. */
  enabled?: (() => boolean) | undefined;
}

export type Handlers = Partial<Record<CommandId, Handler | (() => void)>>;

const SEQUENCE_MS = 900;
const bound = new Map<CommandId, Handler[]>();
let prefix = "";
let prefixTimer: ReturnType<typeof setTimeout> | undefined;

/** Binds handlers until the returned function is called; the latest binding of a command wins. */
export function bindCommands(handlers: Handlers): () => void {
  const added = Object.entries(handlers).map(([id, given]) => {
    const handler: Handler = typeof given === "function" ? { run: given } : given;
    const command = id as CommandId;
    bound.set(command, [...(bound.get(command) ?? []), handler]);
    return [command, handler] as const;
  });
  return () => {
    for (const [command, handler] of added) {
      bound.set(
        command,
        (bound.get(command) ?? []).filter((other) => other !== handler),
      );
    }
  };
}

/** Binds handlers while the component is mounted; always calls the newest functions. */
export function useCommands(handlers: Handlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  const names = Object.keys(handlers).sort().join(" ");
  useEffect(() => {
    const of = (id: CommandId): Handler => {
      const given = latest.current[id];
      return typeof given === "function" ? { run: given } : (given ?? { run: () => {} });
    };
    const stable = names.split(" ").filter(Boolean) as CommandId[];
    return bindCommands(
      Object.fromEntries(
        stable.map((id) => [
          id,
          { run: () => of(id).run(), enabled: () => of(id).enabled?.() ?? true },
        ]),
      ),
    );
  }, [names]);
}

/** Does the command; false when nothing on the page can. */
export function runCommand(id: CommandId): boolean {
  const handler = handlerOf(id);
  handler?.run();
  return handler !== undefined;
}

/** Commands that can be done now, as the palette lists them. */
export function availableCommands(): { id: CommandId; shortcut: Shortcut }[] {
  return (Object.keys(SHORTCUTS) as CommandId[])
    .map((id) => ({ id, shortcut: SHORTCUTS[id] }))
    .filter(({ id, shortcut }) => shortcut.silent !== true && handlerOf(id) !== undefined);
}

function handlerOf(id: CommandId): Handler | undefined {
  return bound.get(id)?.findLast((handler) => handler.enabled?.() ?? true);
}

/** "Ctrl+Shift+Enter" of a key event. Shift is named only where it does not change the character. */
export function chordOf(event: KeyboardEvent): string {
  const named = event.key === " " ? "Space" : event.key;
  const letter = /^[a-z]$/i.test(named);
  const key = letter ? named.toLowerCase() : named;
  const shift = event.shiftKey && (letter || named.length > 1);
  return [
    event.ctrlKey || event.metaKey ? "Ctrl+" : "",
    shift ? "Shift+" : "",
    event.altKey ? "Alt+" : "",
    key,
  ].join("");
}

/** Listens to keys of the whole page. */
export function installShortcuts(target: Window = window): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || isModifier(event.key)) return;
    if (handleChord(chordOf(event), event.target)) event.preventDefault();
  };
  target.addEventListener("keydown", listener);
  return () => target.removeEventListener("keydown", listener);
}

function handleChord(chord: string, target: EventTarget | null): boolean {
  const before = prefix;
  setPrefix("");
  const typing = isTyping(target);
  const pressing = isControl(target) && (chord === "Enter" || chord === "Space");
  const usable = (Object.keys(SHORTCUTS) as CommandId[]).filter((id) => {
    const { where } = SHORTCUTS[id];
    if (where === "code") return false;
    if (typing) return where === "anywhere";
    return !pressing && (singleKeysOn() || hasModifier(chord)) && reaches(where, target);
  });
  const full = before === "" ? chord : `${before} ${chord}`;
  // What has the keyboard answers first.
  usable.sort((one, other) => nearness(one) - nearness(other));
  for (const candidate of before === "" ? [chord] : [full, chord]) {
    const match = usable.find((id) => hasKeys(id, candidate) && handlerOf(id) !== undefined);
    if (match !== undefined) return runCommand(match);
  }
  const starts = usable.some(
    (id) =>
      SHORTCUTS[id].keys.some((keys) => keys.startsWith(`${chord} `)) &&
      handlerOf(id) !== undefined,
  );
  if (starts) setPrefix(chord);
  return starts;
}

function nearness(id: CommandId): number {
  return SHORTCUTS[id].where === "grid" ? 0 : 1;
}

function hasKeys(id: CommandId, keys: string): boolean {
  return SHORTCUTS[id].keys.includes(keys);
}

/** An open dialog keeps keys to itself, and the grid's keys are live only inside of it. */
function reaches(where: Shortcut["where"], target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return where !== "grid";
  const inGrid = target.closest("[data-keys='grid']") !== null;
  if (where === "grid") return inGrid;
  if (inGrid && where === "blocks") return false;
  return where === "anywhere" || target.closest("dialog, [popover], [role='menu']") === null;
}

function setPrefix(next: string): void {
  clearTimeout(prefixTimer);
  prefix = next;
  if (next !== "") prefixTimer = setTimeout(() => setPrefix(""), SEQUENCE_MS);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return (
    target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)
  );
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("button, a[href], summary, input, [role=tab]");
}

function isModifier(key: string): boolean {
  return key === "Control" || key === "Shift" || key === "Alt" || key === "Meta";
}

function hasModifier(chord: string): boolean {
  return /^(Ctrl|Alt)\+|^F\d/.test(chord);
}
