import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import { Notice } from "@/components/notice.tsx";

import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Plannoir", template: "%s · Plannoir" },
  description: "A to-do list that you can talk to.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f6f5f2" },
    { media: "(prefers-color-scheme: dark)", color: "#121216" },
  ],
};

// Every page carries a nonce of its own, so none is rendered ahead of its request.
export const dynamic = "force-dynamic";

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        {children}
        <Notice />
      </body>
    </html>
  );
}
