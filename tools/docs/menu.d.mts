/** The written pages: title and path, by the heading of the menu that they stand under. */
export const GROUPS: Readonly<Record<string, readonly (readonly [title: string, path: string])[]>>;
