import { CircleHelp, Moon, Sun } from "lucide-react";
import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import { useStore } from "zustand";
import { useConnection, useServer } from "../session";
import { Button, IconButton } from "./buttons";
import { classes } from "./classes";
import { installShortcuts, runCommand, useCommands } from "./commands";
import { plural } from "./format";
import { ShortcutHelp } from "./help";
import { Announcements } from "./live";
import { Kbd, Logo } from "./marks";
import { CommandPalette } from "./palette";
import { Link, navigate, usePlace } from "./router";
import { isDark, toggleTheme, useTheme } from "./theme";
import { installTooltips } from "./tooltip";

/** Palette, help, tooltips, keys and announcements: mounted once around all pages. */
export function Frame(props: { children: ReactNode }): ReactElement {
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  useEffect(() => installTooltips(), []);
  useEffect(() => installShortcuts(), []);
  useCommands({
    palette: () => setOpen("palette"),
    help: () => setOpen("help"),
    theme: toggleTheme,
    "go-home": () => navigate("/"),
    "go-runs": () => navigate("/runs"),
    "go-schedules": () => navigate("/schedules"),
    "go-settings": () => navigate("/settings"),
  });
  const close = (): void => setOpen(null);
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      {props.children}
      {open === "palette" ? <CommandPalette onClose={close} /> : null}
      {open === "help" ? <ShortcutHelp onClose={close} /> : null}
      <Announcements />
    </>
  );
}

export interface PageProps {
  /** Title of the browser's tab. */
  title: string;
  /** What follows the product's name; by default the navigation. */
  crumbs?: ReactNode;
  /** The middle of the header. */
  middle?: ReactNode;
  /** Buttons at the right of the header. */
  actions?: ReactNode;
  /** The left of the status bar. */
  status?: ReactNode;
  /** A page that scrolls its own zones instead of as a whole. */
  fixed?: boolean;
  children: ReactNode;
}

/** Header, content and status bar, the same on every page. */
export function Page(props: PageProps): ReactElement {
  const { title } = props;
  useEffect(() => {
    document.title = title === "Headrace" ? title : `${title} · Headrace`;
  }, [title]);
  return (
    <div className="page">
      <header className="header">
        <Link to="/" className="brand" aria-label="Headrace: all pipelines">
          <Logo />
          <span>Headrace</span>
        </Link>
        {props.crumbs ?? <Navigation />}
        <div className="header-middle">{props.middle}</div>
        <div className="header-actions">{props.actions}</div>
      </header>
      <OfflineBar />
      <DiskBar />
      <main id="main" className={classes("main", props.fixed && "main-fixed")} tabIndex={-1}>
        {props.children}
      </main>
      <StatusBar>{props.status}</StatusBar>
    </div>
  );
}

const PLACES = [
  { to: "/", label: "Pipelines" },
  { to: "/runs", label: "Runs" },
  { to: "/schedules", label: "Schedules" },
  { to: "/settings", label: "Settings" },
] as const;

function Navigation(): ReactElement {
  const { path } = usePlace();
  return (
    <nav className="navigation" aria-label="Main">
      {PLACES.map(({ to, label }) => (
        <Link key={to} to={to} aria-current={path === to ? "page" : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}

export interface Crumb {
  label: string;
  to?: string;
}

/** Where the page is: "Pipelines / Late flights / Run". */
export function Crumbs(props: { crumbs: readonly Crumb[]; children?: ReactNode }): ReactElement {
  return (
    <nav className="crumbs" aria-label="Breadcrumbs">
      <ol>
        {props.crumbs.map(({ label, to }) => (
          <li key={label} className="ellipsis" title={label}>
            {to === undefined ? <h1>{label}</h1> : <Link to={to}>{label}</Link>}
          </li>
        ))}
      </ol>
      {props.children}
    </nav>
  );
}

function OfflineBar(): ReactElement | null {
  const phase = useConnection((state) => state.phase);
  const unsent = useConnection((state) => state.unsent);
  const { client } = useServer();
  if (phase !== "offline") return null;
  return (
    <div className="notice-bar" role="status">
      <span>
        The server does not answer.{" "}
        {unsent === 0 ? "Nothing is lost." : `${plural(unsent, "change")} not sent yet.`} Trying
        again…
      </span>
      <Button size="small" onClick={() => client.retryNow()}>
        Try now
      </Button>
    </div>
  );
}

function DiskBar(): ReactElement | null {
  const isLow = useStore(useServer().project.store, (state) => state.diskLow);
  if (!isLow) return null;
  return (
    <div className="notice-bar" role="status">
      The disk of this project is nearly full: schedules and backfills start no runs until 100 MB
      are free. Missed ticks are then caught up.
    </div>
  );
}

function StatusBar(props: { children?: ReactNode }): ReactElement {
  const phase = useConnection((state) => state.phase);
  const theme = useTheme();
  const words = phase === "online" ? "connected" : phase === "offline" ? "offline" : "connecting";
  return (
    <footer className="status">
      <span className="status-dot" data-phase={phase}>
        {words}
      </span>
      {props.children}
      <span className="status-space" />
      <button type="button" className="status-button" onClick={() => runCommand("help")}>
        <Kbd keys="?" /> shortcuts
      </button>
      <button type="button" className="status-button" onClick={() => runCommand("palette")}>
        <Kbd keys="Ctrl+k" /> palette
      </button>
      <IconButton
        key={theme}
        className="status-icon"
        label={isDark() ? "Use light colours" : "Use dark colours"}
        icon={isDark() ? Sun : Moon}
        onClick={toggleTheme}
      />
      <IconButton
        className="status-icon"
        label="Help"
        icon={CircleHelp}
        onClick={() => runCommand("help")}
      />
    </footer>
  );
}
