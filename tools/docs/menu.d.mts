/** The written pages: title and path, by the heading in the menu. */
export const GROUPS: Readonly<Record<string, readonly (readonly [title: string, path: string])[]>>;
