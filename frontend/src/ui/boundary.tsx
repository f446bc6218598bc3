import { Component, type ReactNode } from "react";
import { Button } from "./buttons";
import { ErrorCard } from "./empty";
import { Link } from "./router";

interface Props {
  /** A new value tries again: another address, another block. */
  of: string;
  children: ReactNode;
}

interface State {
  of: string;
  failed: string | null;
}

/** Keeps a mistake in one part of the page from taking the rest away, and says what it was. */
export class Boundary extends Component<Props, State> {
  override state: State = { of: this.props.of, failed: null };

  static getDerivedStateFromError(thrown: unknown): Partial<State> {
    return { failed: thrown instanceof Error ? thrown.message : String(thrown) };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.of === state.of ? null : { of: props.of, failed: null };
  }

  override render(): ReactNode {
    const { failed } = this.state;
    if (failed === null) return this.props.children;
    return (
      <main id="main" className="main">
        <ErrorCard
          title="This page broke"
          actions={
            <>
              <Button size="small" onClick={() => window.location.reload()}>
                Load it again
              </Button>
              <Link to="/">All pipelines</Link>
            </>
          }
        >
          <p>{failed}</p>
          <p className="muted">What was saved, and every run, is safe on the server.</p>
        </ErrorCard>
      </main>
    );
  }
}
