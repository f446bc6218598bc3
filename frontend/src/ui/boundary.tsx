import { Component, type ReactNode } from "react";
import { Button } from "./buttons";
import { ErrorCard } from "./empty";

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
      <ErrorCard
        title="This page broke"
        actions={
          <Button size="small" onClick={() => window.location.reload()}>
            Load it again
          </Button>
        }
      >
        <p>{failed}</p>
        <p className="muted">What was typed and saved, and every run, is safe on the server.</p>
      </ErrorCard>
    );
  }
}
