import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, KeyboardEvent, ReactElement, ReactNode, Ref } from "react";
import { classes } from "./classes";
import { Kbd, shortKeys } from "./marks";
import { type CommandId, keysOf } from "./shortcuts";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "default" | "primary" | "danger" | "quiet";
  size?: "normal" | "small";
  icon?: LucideIcon;
  /** Command whose key the button shows. */
  command?: CommandId;
  ref?: Ref<HTMLButtonElement>;
}

export function Button(props: ButtonProps): ReactElement {
  const { look = "default", size, icon: Icon, command, className, children, ...rest } = props;
  const keys = command === undefined ? undefined : keysOf(command);
  return (
    <button
      type="button"
      {...rest}
      className={classes("button", `button-${look}`, size === "small" && "button-small", className)}
    >
      {Icon === undefined ? null : <Icon size={14} aria-hidden="true" />}
      {children}
      {keys === undefined ? null : <Kbd keys={keys} />}
    </button>
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Name for everybody: tooltip and accessible name. */
  label: string;
  icon: LucideIcon;
  command?: CommandId;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton(props: IconButtonProps): ReactElement {
  const { label, icon: Icon, command, className, ...rest } = props;
  const keys = command === undefined ? undefined : keysOf(command);
  return (
    <button
      type="button"
      data-tip={keys === undefined ? label : `${label}  ${shortKeys(keys)}`}
      {...rest}
      aria-label={label}
      className={classes("icon-button", className)}
    >
      <Icon size={16} aria-hidden="true" />
    </button>
  );
}

export interface SwitchProps {
  /** Accessible name; say what is switched, e.g. "Schedule of Late flights". */
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}

export function Switch({ label, checked, disabled, onChange }: SwitchProps): ReactElement {
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={checked}
      aria-label={label}
      data-tip={`${label}: ${checked ? "on" : "off"}`}
      disabled={disabled}
      onClick={() => onChange(!checked)}
    />
  );
}

export interface Choice<T extends string> {
  value: T;
  label: ReactNode;
}

export interface ChoicesProps<T extends string> {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange(value: T): void;
}

/** A few choices side by side, of which one holds; arrow keys move. */
export function Segmented<T extends string>(props: ChoicesProps<T>): ReactElement {
  return (
    <div
      role="radiogroup"
      aria-label={props.label}
      className="segmented"
      onKeyDown={(event) => moveChoice(event, props)}
    >
      {props.choices.map(({ value, label }) => (
        // biome-ignore lint/a11y/useSemanticElements: a radio input cannot carry this look
        <button
          key={value}
          type="button"
          role="radio"
          aria-checked={value === props.value}
          tabIndex={value === props.value ? 0 : -1}
          className="segmented-item"
          onClick={() => props.onChange(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** Tabs over one panel. Give the panel `role="tabpanel"` and `aria-label`. */
export function Tabs<T extends string>(props: ChoicesProps<T>): ReactElement {
  return (
    <div
      role="tablist"
      aria-label={props.label}
      className="tabs"
      onKeyDown={(event) => moveChoice(event, props)}
    >
      {props.choices.map(({ value, label }) => (
        <button
          key={value}
          type="button"
          role="tab"
          aria-selected={value === props.value}
          tabIndex={value === props.value ? 0 : -1}
          className="tab"
          onClick={() => props.onChange(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function moveChoice<T extends string>(
  event: KeyboardEvent<HTMLDivElement>,
  { choices, value, onChange }: ChoicesProps<T>,
): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const index = choices.findIndex((choice) => choice.value === value) + step;
  const next = (index + choices.length) % choices.length;
  const chosen = choices[next];
  if (chosen === undefined) return;
  onChange(chosen.value);
  (event.currentTarget.children[next] as HTMLElement | undefined)?.focus();
}
