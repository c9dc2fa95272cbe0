"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useState } from "react";

import { Logo } from "@/components/logo.tsx";
import { api } from "@/lib/api.ts";
import { inPlainWords } from "@/lib/errors.ts";
import { useServerData } from "@/lib/hooks.ts";

const PAGES = [
  { path: "/tasks", name: "Tasks" },
  { path: "/chat", name: "Chat" },
];

export function Header() {
  const path = usePathname();
  const { data: user } = useServerData(api.me);
  const [error, setError] = useState("");

  async function signOut() {
    try {
      await api.signOut();
      window.location.assign("/");
    } catch (reason) {
      setError(inPlainWords(reason));
    }
  }

  return (
    <header className="bar">
      <Link href="/tasks" aria-label="Plannoir, tasks"><Logo /></Link>
      <nav aria-label="Pages">
        {PAGES.map((page) => (
          <Link key={page.path} href={page.path} aria-current={path === page.path ? "page" : undefined}>{page.name}</Link>
        ))}
      </nav>
      <span className="account" title={user?.email}>{user?.email}</span>
      {error && <span role="alert" className="error">{error}</span>}
      <button type="button" className="button small" onClick={() => void signOut()}>Sign out</button>
    </header>
  );
}
