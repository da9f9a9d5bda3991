// Figures as a tree of numbers: what holds for each of them is said once, whatever their names are.

import { type Figures, figuresOf } from "./figures.ts";

type Tree = { readonly [name: string]: number | null | Tree };

/** The same names with `leaf` of both sides' numbers. */
function combine(a: Tree, b: Tree, leaf: (a: number | null, b: number | null) => number | null): Tree {
  return Object.fromEntries(
    Object.entries(a).map(([name, one]) => {
      const other = b[name] ?? null;
      if (one !== null && typeof one === "object") {
        return [name, combine(one, typeof other === "object" && other !== null ? other : {}, leaf)];
      }
      return [name, leaf(one, typeof other === "object" ? null : other)];
    }),
  );
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names stay, and every number may be null
const figures = (tree: Tree): Figures => tree as Figures;

const nothing = figuresOf([]);

/** Nobody was watching: no figure is known, which is not the same as 0. */
export const UNKNOWN_FIGURES: Figures = figures(combine(nothing, nothing, () => null));

/** b − a of every figure; null where either is. */
export function differenceOf(a: Figures, b: Figures): Figures {
  return figures(combine(a, b, (one, other) => (one === null || other === null ? null : tidy(other - one))));
}

/** Without the digits that only binary fractions have. */
const tidy = (difference: number): number => Number(difference.toPrecision(12));
