// Durations by bounds: each is counted under all that are not below it.
import { Histograms } from './histogram.ts'

it('counts up to each bound, under each label', () => {
  const histograms = new Histograms('x_seconds', 'How long.', [1e-8, 0.001, 1])
  histograms.observe('name="a"', 0.001)
  histograms.observe('name="a"', 0.5)
  histograms.observe('name="a"', 7)
  histograms.observe('name="b"', 0)
  expect(histograms.lines()).toEqual([
    '# HELP x_seconds How long.', '# TYPE x_seconds histogram',
    'x_seconds_bucket{name="a",le="1e-08"} 0', 'x_seconds_bucket{name="a",le="0.001"} 1', 'x_seconds_bucket{name="a",le="1"} 2', 'x_seconds_bucket{name="a",le="+Inf"} 3', 'x_seconds_sum{name="a"} 7.501', 'x_seconds_count{name="a"} 3',
    'x_seconds_bucket{name="b",le="1e-08"} 1', 'x_seconds_bucket{name="b",le="0.001"} 1', 'x_seconds_bucket{name="b",le="1"} 1', 'x_seconds_bucket{name="b",le="+Inf"} 1', 'x_seconds_sum{name="b"} 0', 'x_seconds_count{name="b"} 1',
  ])
})
