/** A tick under a crescent: what is planned, and the noir. */
export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" className="logo-tile" />
        <path d="M9 16.8l4.8 4.8L23.4 11" className="logo-tick" />
      </svg>
      Plannoir
    </span>
  );
}
