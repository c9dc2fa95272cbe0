import Link from "next/link";

import { Logo } from "@/components/logo.tsx";

export default function NotFoundPage() {
  return (
    <main className="entrance">
      <Logo />
      <h1>There is no such page.</h1>
      <p className="choices">
        <Link className="button primary" href="/">Go to the start</Link>
      </p>
    </main>
  );
}
