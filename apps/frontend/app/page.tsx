import Link from "next/link";
import { redirect } from "next/navigation";

import { Logo } from "@/components/logo.tsx";
import { hasSession } from "@/lib/session.ts";

export default async function LandingPage() {
  if (await hasSession()) {
    redirect("/tasks");
  }
  return (
    <main className="entrance">
      <Logo />
      <h1>A to-do list that you can talk to.</h1>
      <p className="lead">Say what is on your mind. Plannoir writes it down, ticks it off and keeps it until you are done.</p>
      <p className="choices">
        <Link className="button primary" href="/sign-up">Sign up</Link>
        <Link className="button" href="/sign-in">Sign in</Link>
      </p>
    </main>
  );
}
