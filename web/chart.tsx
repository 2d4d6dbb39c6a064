/**
 * uPlot in a box: drawn again when its data, the box or the colours change. The box takes the height its section has left. A chart is a picture with a sentence
 * (`says`) for those who do not see it; the figures stand in tables beside it.
 */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { colour } from './theme.ts';

export type Draw = (
  size: { width: number; height: number },
  ink: (name: string) => string,
) => { options: uPlot.Options; data: uPlot.AlignedData };

/** `readout` puts the figures at the pointer into words, for a short line above the picture. */
export function Chart(props: { says: string; theme: string; draw: Draw; readout: (index: number) => string }) {
  const { says, theme, draw, readout } = props;
  const box = useRef<HTMLDivElement>(null);
  const words = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let plot: uPlot | null = null;
    const redraw = (): void => {
      plot?.destroy();
      const size = { width: Math.floor(element.clientWidth), height: Math.floor(element.clientHeight) };
      if (size.width < 40 || size.height < 40) return;
      const { options, data } = draw(size, colour);
      const point = (on: uPlot): void => {
        if (words.current !== null) words.current.textContent = typeof on.cursor.idx === 'number' ? readout(on.cursor.idx) : '';
      };
      const cursor: uPlot.Cursor = { y: false, drag: { x: false, y: false }, points: { show: false }, ...options.cursor };
      plot = new uPlot({ ...options, cursor, legend: { show: false }, hooks: { ...options.hooks, setCursor: [point] } }, data, element);
    };
    let seen = '';
    const observer = new ResizeObserver(() => {
      const size = `${element.clientWidth} ${element.clientHeight}`;
      if (size === seen) return;
      seen = size;
      redraw();
    });
    observer.observe(element);
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', redraw);
    void document.fonts.ready.then(redraw);
    return () => {
      observer.disconnect();
      system.removeEventListener('change', redraw);
      plot?.destroy();
    };
    // `theme` is no input of the drawing, but it changes what colour() answers.
  }, [draw, readout, theme]);

  return (
    <div class="chart">
      <div class="canvas" role="img" aria-label={says} ref={box} />
      <p class="readout" ref={words} />
    </div>
  );
}

/** Axis look shared by all charts. */
export function axis(ink: (name: string) => string): Pick<uPlot.Axis, 'stroke' | 'font' | 'labelFont' | 'grid' | 'ticks'> {
  return {
    stroke: ink('--ink-2'),
    font: '12px "Barlow Semi Condensed", system-ui, sans-serif',
    labelFont: '12px "Barlow Semi Condensed", system-ui, sans-serif',
    grid: { stroke: ink('--rule'), width: 1 },
    ticks: { stroke: ink('--rule'), width: 1, size: 4 },
  };
}
