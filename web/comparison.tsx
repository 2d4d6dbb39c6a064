/**
 * Figures of two things side by side, with the relative change: today's parameters and the recommended ones, mostly.
 */
import { change } from './format.ts';

export type Figure<T> = readonly [name: string, pick: (side: T) => number, show: (value: number) => string];

export function Comparison<T>(props: {
  caption?: string;
  sides: readonly [string, string];
  figures: readonly Figure<T>[];
  before: T;
  after: T;
}) {
  const { caption, sides, figures, before, after } = props;
  return (
    <table class="figures">
      {caption !== undefined && <caption>{caption}</caption>}
      <thead>
        <tr>
          <th scope="col">Figure</th>
          {[...sides, 'Change'].map((head) => (
            <th key={head} scope="col" class="num">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {figures.map(([name, pick, show]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="num">{show(pick(before))}</td>
            <td class="num">{show(pick(after))}</td>
            <td class="num">{change(pick(before), pick(after))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
