// What the kubelet asks its container runtime, counted and timed, in Prometheus' text form.
import type { CallEnded } from '../containerd/cri.ts'
import { Counters } from '../util/counters.ts'
import { exponentialBounds, type Histogram, Histograms } from '../util/histogram.ts'

const bounds = exponentialBounds(0.005, 2.5, 14)

/** As a kubelet calls the CRI's calls: `RunPodSandbox` is run_podsandbox. */
const operationOf = (method: string): string => (method === 'UpdateContainerResources' ? 'update_container'
  : method.replace('PodSandbox', 'Podsandbox').replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase())

interface Operation {
  readonly seconds: Histogram
  readonly labels: string
}

export class RuntimeOperations {
  readonly #seconds = new Histograms('kubelet_runtime_operations_duration_seconds', 'How long the container runtime took, by what it was asked.', bounds)
  readonly #errors = new Counters('kubelet_runtime_operations_errors_total', 'What the container runtime was asked and failed to do.')
  readonly #byMethod = new Map<string, Operation>()

  readonly ended: CallEnded = (method, ms, failed) => {
    let operation = this.#byMethod.get(method)
    if (!operation) {
      const labels = `operation_type="${operationOf(method)}"`
      this.#byMethod.set(method, operation = { labels, seconds: this.#seconds.of(labels) })
    }
    operation.seconds.observe(ms / 1000)
    if (failed) this.#errors.raise(operation.labels)
  }

  lines(): string[] {
    const asked = new Counters('kubelet_runtime_operations_total', 'What the container runtime was asked.')
    for (const { labels, seconds } of this.#byMethod.values()) asked.raise(labels, seconds.count)
    return [...asked.lines(), ...this.#seconds.lines(), ...this.#errors.lines()]
  }
}
