import type { ReactElement, ReactNode } from "react";
import type { Kind } from "../protocol";
import type { Sign } from "../session";
import { classes } from "./classes";
import { SIGNS, type Tone } from "./signs";

/** The icon of a state with its word for those who cannot see it; `silent` beside the word itself. */
export function StateIcon(props: { sign: Sign; silent?: boolean; size?: number }): ReactElement {
  const { icon: Icon, word, tone } = SIGNS[props.sign];
  const size = props.size ?? 14;
  return (
    <span className="state-icon" data-tone={tone} title={props.silent ? undefined : word}>
      <Icon
        size={size}
        strokeWidth={2.5}
        aria-hidden="true"
        className={classes(props.sign === "running" && "spinning")}
      />
      {props.silent ? null : <span className="visually-hidden">{word}</span>}
    </span>
  );
}

/** Icon and words of a state in its colour. */
export function StateWords(props: { sign: Sign; children?: ReactNode }): ReactElement {
  const { word, tone } = SIGNS[props.sign];
  return (
    <span className="state-words" data-tone={tone}>
      {props.children ?? word}
    </span>
  );
}

export function StateChip(props: { sign: Sign; children?: ReactNode }): ReactElement {
  return (
    <Chip tone={SIGNS[props.sign].tone}>
      <StateIcon sign={props.sign} silent size={12} />
      {props.children ?? SIGNS[props.sign].word}
    </Chip>
  );
}

export interface ChipProps {
  tone?: Tone;
  title?: string;
  children: ReactNode;
}

export function Chip({ tone, title, children }: ChipProps): ReactElement {
  return (
    <span className="chip" data-tone={tone} title={title}>
      {children}
    </span>
  );
}

export function KindChip(props: { kind: Kind }): ReactElement {
  return (
    <span className="kind-chip" data-kind={props.kind}>
      {props.kind}
    </span>
  );
}

/** A key or keys in short form, e.g. `Ctrl+Enter` as ⌃↵. */
export function Kbd(props: { keys: string }): ReactElement {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: it is no control; the button has its name
    <kbd className="kbd" aria-hidden="true">
      {shortKeys(props.keys)}
    </kbd>
  );
}

const GLYPHS: Record<string, string> = {
  Ctrl: "^",
  Shift: "⇧",
  Alt: "⌥",
  Enter: "↵",
  Escape: "Esc",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** "Ctrl+Shift+Enter" → "^⇧↵", "g b" → "G B". */
export function shortKeys(keys: string): string {
  return keys
    .split(" ")
    .map((chord) => chord.split("+").map(glyph).join(""))
    .join(" ");
}

function glyph(key: string): string {
  return GLYPHS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** The product's mark: two waves of a headrace. */
export function Logo(props: { size?: number }): ReactElement {
  const size = props.size ?? 22;
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2" strokeLinecap="round">
        <path d="M4.5 9.5c2.5-2.2 5-2.2 7.5 0s5 2.2 7.5 0" />
        <path d="M4.5 15c2.5-2.2 5-2.2 7.5 0s5 2.2 7.5 0" />
      </g>
    </svg>
  );
}
