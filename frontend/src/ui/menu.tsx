import { Check, Ellipsis, type LucideIcon } from "lucide-react";
import {
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { Kbd } from "./marks";
import { type CommandId, keysOf } from "./shortcuts";

export interface MenuAction {
  label: string;
  detail?: ReactNode;
  icon?: LucideIcon;
  command?: CommandId;
  danger?: boolean;
  /** Makes the entry a switch that is on or off. */
  checked?: boolean;
  /** Why it cannot be chosen now: shown below the label. */
  impossible?: string | undefined;
  onSelect(): void;
}

const ITEMS = "[role^=menuitem]";

export type MenuEntry = MenuAction | "line";

export interface MenuProps {
  /** Name of the menu and of its button. */
  label: string;
  entries: readonly MenuEntry[] | (() => readonly MenuEntry[]);
  /** What the button shows instead of "…"; then it looks like a normal button. */
  children?: ReactNode;
  className?: string;
  /** Icon of the button, in place of "…". */
  icon?: LucideIcon;
  /** Lets commands find the button: they press it. */
  purpose?: string;
}

/** A button that opens a menu; the browser's own top layer, so nothing can cover or cut it. */
export function Menu(props: MenuProps): ReactElement {
  const { label, entries, children, className, icon: Icon = Ellipsis, purpose } = props;
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  const select = (action: MenuAction): void => {
    if (action.impossible !== undefined) return;
    menu.current?.hidePopover();
    button.current?.focus();
    action.onSelect();
  };
  const handleToggle = (nowOpen: boolean): void => {
    setOpen(nowOpen);
    if (!nowOpen || button.current === null || menu.current === null) return;
    placeBelow(menu.current, button.current);
    menu.current.querySelector<HTMLElement>(ITEMS)?.focus();
  };
  const shown = open ? (typeof entries === "function" ? entries() : entries) : [];
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        data-purpose={purpose}
        aria-expanded={open}
        aria-label={children === undefined ? label : undefined}
        data-tip={children === undefined ? label : undefined}
        popoverTarget={id}
        className={className ?? (children === undefined ? "icon-button" : "button")}
      >
        {children ?? <Icon size={16} aria-hidden="true" />}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className="floating menu"
        onBeforeToggle={(event) => event.newState === "open" && setOpen(true)}
        onToggle={(event) => handleToggle(event.newState === "open")}
        onKeyDown={moveFocus}
      >
        {shown.map((entry, index) =>
          entry === "line" ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
            <hr key={index} />
          ) : (
            <MenuItem key={entry.label} action={entry} onSelect={() => select(entry)} />
          ),
        )}
      </div>
    </>
  );
}

export interface ContextMenuProps {
  label: string;
  entries: readonly MenuEntry[];
  /** What it belongs to, or the point that was clicked. */
  anchor: DOMRect;
  /** After a choice or without one; the focus is the caller's. */
  onClose(): void;
}

/** A menu without a button, while it is mounted: for right clicks, and for commands. */
export function ContextMenu({ label, entries, anchor, onClose }: ContextMenuProps): ReactElement {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = menu.current;
    if (element === null) return;
    element.showPopover();
    placeAt(element, anchor);
    element.querySelector<HTMLElement>(ITEMS)?.focus();
  }, [anchor]);
  const select = (action: MenuAction): void => {
    if (action.impossible !== undefined) return;
    menu.current?.hidePopover();
    onClose();
    action.onSelect();
  };
  return (
    <div
      ref={menu}
      popover="auto"
      role="menu"
      aria-label={label}
      className="floating menu"
      onToggle={(event) => event.newState === "closed" && onClose()}
      onKeyDown={(event) => {
        if (event.key === "Tab") event.preventDefault();
        moveFocus(event);
      }}
    >
      {entries.map((entry, index) =>
        entry === "line" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
          <hr key={index} />
        ) : (
          <MenuItem key={entry.label} action={entry} onSelect={() => select(entry)} />
        ),
      )}
    </div>
  );
}

function MenuItem(props: { action: MenuAction; onSelect(): void }): ReactElement {
  const { label, detail, command, danger, impossible, checked } = props.action;
  const Icon = checked === true ? Check : props.action.icon;
  const keys = command === undefined ? undefined : keysOf(command);
  const note = impossible ?? detail;
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: with aria-checked the role is menuitemcheckbox
    <button
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={checked}
      tabIndex={-1}
      className="menu-item"
      aria-disabled={impossible !== undefined}
      data-danger={danger ? "" : undefined}
      onClick={props.onSelect}
    >
      {Icon === undefined && checked === undefined ? null : (
        <span className="menu-icon">
          {Icon === undefined ? null : <Icon size={14} aria-hidden="true" />}
        </span>
      )}
      <span className="menu-item-label">
        {label}
        {note === undefined ? null : <small>{note}</small>}
      </span>
      {keys === undefined ? null : <Kbd keys={keys} />}
    </button>
  );
}

/** Puts a floating element under its button, or above it when there is no room. */
export function placeBelow(floating: HTMLElement, button: HTMLElement): void {
  placeAt(floating, button.getBoundingClientRect());
}

function placeAt(floating: HTMLElement, anchor: DOMRect): void {
  const { width, height } = floating.getBoundingClientRect();
  const below = anchor.bottom + 4;
  const top = below + height <= window.innerHeight - 8 ? below : anchor.top - height - 4;
  const left = anchor.left + width <= window.innerWidth - 8 ? anchor.left : anchor.right - width;
  floating.style.top = `${Math.max(8, top)}px`;
  floating.style.left = `${Math.max(8, left)}px`;
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(ITEMS)];
  const index = items.indexOf(document.activeElement as HTMLElement);
  const target = nextIndex(event.key, index, items);
  if (target === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items[target]?.focus();
}

function nextIndex(key: string, index: number, items: HTMLElement[]): number | undefined {
  if (key === "ArrowDown") return (index + 1) % items.length;
  if (key === "ArrowUp") return (index - 1 + items.length) % items.length;
  if (key === "Home") return 0;
  if (key === "End") return items.length - 1;
  if (!/^[a-z0-9]$/i.test(key)) return undefined;
  const starts = (item: HTMLElement): boolean =>
    item.textContent?.toLowerCase().startsWith(key.toLowerCase()) ?? false;
  const after = items.findIndex((item, at) => at > index && starts(item));
  const found = after >= 0 ? after : items.findIndex(starts);
  return found >= 0 ? found : undefined;
}
