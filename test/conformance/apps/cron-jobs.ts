// Cron jobs as the suite makes them: one container, one completion.
import type { CronJob } from '../../../pkg/api/types-workload.ts'
import { images } from '../pods.ts'

export interface CronJobOptions {
  readonly schedule?: string
  readonly concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace'
  readonly command: string[]
  readonly labels?: Record<string, string>
  readonly suspend?: boolean
  readonly successfulJobsHistoryLimit?: number
  readonly failedJobsHistoryLimit?: number
}

export function cronJobOf(namespace: string, name: string, { schedule = '*/1 * * * ?', labels, command, ...rest }: CronJobOptions): CronJob {
  return {
    apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name, namespace, ...(labels ? { labels } : {}) },
    spec: {
      schedule, ...rest,
      jobTemplate: {
        spec: {
          parallelism: 1, completions: 1, backoffLimit: 1,
          template: {
            spec: {
              restartPolicy: 'OnFailure', volumes: [{ name: 'data', emptyDir: {} }],
              containers: [{ name: 'c', image: images.busybox, command, volumeMounts: [{ mountPath: '/data', name: 'data' }] }],
            },
          },
        },
      },
    },
  }
}
