"use client";

import { Logo } from "@/components/logo.tsx";

export default function ErrorPage({ reset }: { reset: () => void }) {
  return (
    <main className="entrance">
      <Logo />
      <h1>Something went wrong on this page.</h1>
      <p className="choices">
        <button type="button" className="button primary" onClick={reset}>Try again</button>
      </p>
    </main>
  );
}
