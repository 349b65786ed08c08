import type { StorageClass } from '../api/types-config.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types-volume.ts'
import { planClaim, type ClaimPlan } from './claim-plan.ts'
import { bestVolume, mismatch } from './volume-match.ts'
import { planVolume, withoutClaim } from './volume-phase.ts'

type Claim = Partial<PersistentVolumeClaim['spec']> & { annotations?: Record<string, string> }
const claim = ({ annotations, ...spec }: Claim = {}): PersistentVolumeClaim => ({
  metadata: { namespace: 'ns', name: 'c', uid: 'c-uid', ...(annotations ? { annotations } : {}) },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, storageClassName: 'slow', ...spec },
})
type Volume = Partial<PersistentVolume['spec']> & { size?: string; phase?: string; labels?: Record<string, string>; annotations?: Record<string, string>; gone?: boolean }
const volume = (name: string, { size = '5Gi', phase = 'Available', labels, annotations, gone, ...spec }: Volume = {}): PersistentVolume => ({
  metadata: { name, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}), ...(gone ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], storageClassName: 'slow', ...spec }, status: { phase },
})
const meant = { namespace: 'ns', name: 'c' }
const done = { 'pv.kubernetes.io/bind-completed': 'yes' }

describe('bestVolume', () => {
  it.each<[string, PersistentVolumeClaim, PersistentVolume[], string | undefined]>([
    ['the smallest that is large enough', claim(), [volume('a', { size: '8Gi' }), volume('b', { size: '4Gi' }), volume('c', { size: '6Gi' })], 'c'],
    ['sizes are numbers', claim(), [volume('a', { size: '5000Mi' }), volume('b', { size: '6e9' })], 'b'],
    ['fewer further modes go before size', claim(), [volume('a', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }), volume('b', { size: '9Gi' })], 'b'],
    ['all modes must be there', claim({ accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }), [volume('a')], undefined],
    ['another class', claim(), [volume('a', { storageClassName: 'fast' })], undefined],
    ['no class is a class', claim({ storageClassName: '' }), [volume('a'), volume('b', { storageClassName: undefined })], 'b'],
    ['only available ones', claim(), [volume('a', { phase: 'Released' }), volume('b', { phase: 'Pending' })], undefined],
    ['not one that goes', claim(), [volume('a', { gone: true })], undefined],
    ['not one of someone else', claim(), [volume('a', { claimRef: { namespace: 'ns', name: 'other' } })], undefined],
    ['not one of an earlier claim of this name', claim(), [volume('a', { claimRef: { ...meant, uid: 'old' } })], undefined],
    ['the one that is meant for it, whatever its class and size', claim(), [volume('a'), volume('b', { claimRef: meant, size: '99Gi', storageClassName: 'x' })], 'b'],
    ['unless that is too small', claim(), [volume('a'), volume('b', { claimRef: meant, size: '1Gi' })], 'a'],
    ['labels', claim({ selector: { matchLabels: { disk: 'ssd' } } }), [volume('a'), volume('b', { size: '9Gi', labels: { disk: 'ssd' } })], 'b'],
    ['block is not a file system', claim({ volumeMode: 'Block' }), [volume('a'), volume('b', { volumeMode: 'Block' })], 'b'],
    ['same size: by name', claim(), [volume('b'), volume('a')], 'a'],
  ])('%s', (_, wants, all, expected) => expect(bestVolume(wants, all, { delayed: false })?.metadata.name).toBe(expected))
  it('a claim that waits takes only what is meant for it', () => {
    expect(bestVolume(claim(), [volume('a')], { delayed: true })).toBeUndefined()
    expect(bestVolume(claim(), [volume('a', { claimRef: meant })], { delayed: true })?.metadata.name).toBe('a')
  })
})

it.each<[Volume, string | undefined]>([
  [{}, undefined], [{ size: '4Gi' }, 'requested PV is too small'], [{ storageClassName: 'x' }, 'storageClassName does not match'],
  [{ volumeMode: 'Block' }, 'incompatible volumeMode'], [{ accessModes: ['ReadOnlyMany'] }, 'incompatible accessMode'],
])('mismatch %#', (wants, expected) => expect(mismatch(volume('v', wants), claim())).toBe(expected))

describe('planClaim', () => {
  const classes: StorageClass[] = [
    { metadata: { name: 'late' }, provisioner: 'x.io/y', volumeBindingMode: 'WaitForFirstConsumer' },
    { metadata: { name: 'made' }, provisioner: 'x.io/y' },
    { metadata: { name: 'static' }, provisioner: 'kubernetes.io/no-provisioner' },
  ]
  const plan = (wants: PersistentVolumeClaim, volumes: PersistentVolume[], more: { defaultClass?: string; pod?: string } = {}): string => {
    const result: ClaimPlan = planClaim(wants, {
      volumes: () => volumes,
      volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
      storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
      defaultClass: () => more.defaultClass, waitingPod: () => more.pod,
    })
    if (result.do === 'bind') return `bind ${result.volume.metadata.name}`
    if (result.do === 'name-class') return `class ${result.className}`
    return `${result.do} ${result.notice?.reason ?? '-'}`
  }
  const selected = { 'volume.kubernetes.io/selected-node': 'n' }
  it.each<[string, PersistentVolumeClaim, PersistentVolume[], string, { defaultClass?: string; pod?: string }?]>([
    ['a volume is there', claim(), [volume('v')], 'bind v'],
    ['an unknown class', claim(), [], 'wait ProvisioningFailed'],
    ['no class wanted', claim({ storageClassName: '' }), [], 'wait FailedBinding', { defaultClass: 'made' }],
    ['no class said, a default', claim({ storageClassName: undefined }), [], 'class made', { defaultClass: 'made' }],
    ['no class said, but a volume without one', claim({ storageClassName: undefined }), [volume('v', { storageClassName: undefined })], 'bind v', { defaultClass: 'made' }],
    ['waits for its first pod', claim({ storageClassName: 'late' }), [volume('v', { storageClassName: 'late' })], 'wait WaitForFirstConsumer'],
    ['waits for the pod that is there', claim({ storageClassName: 'late' }), [], 'wait WaitForPodScheduled', { pod: 'p' }],
    ['its pod has a node', claim({ storageClassName: 'late', annotations: selected }), [], 'provision ExternalProvisioning'],
    ['at once', claim({ storageClassName: 'made' }), [], 'provision ExternalProvisioning'],
    ['nobody makes volumes', claim({ storageClassName: 'static' }), [], 'wait ProvisioningFailed'],
    ['a named volume', claim({ volumeName: 'v' }), [volume('v'), volume('w')], 'bind v'],
    ['a named volume that is not there yet', claim({ volumeName: 'v' }), [volume('w')], 'wait -'],
    ['a named volume that does not suit', claim({ volumeName: 'v' }), [volume('v', { size: '1Gi' })], 'wait VolumeMismatch'],
    ['a named volume that names the claim need not suit', claim({ volumeName: 'v' }), [volume('v', { size: '1Gi', claimRef: meant })], 'bind v'],
    ['a named volume of someone else', claim({ volumeName: 'v' }), [volume('v', { claimRef: { namespace: 'ns', name: 'o', uid: 'o' } })], 'wait FailedBinding'],
    ['bound: made sure of', claim({ volumeName: 'v', annotations: done }), [volume('v', { claimRef: { ...meant, uid: 'c-uid' } })], 'bind v'],
    ['bound: volume gone', claim({ volumeName: 'v', annotations: done }), [], 'lose ClaimLost'],
    ['bound: name gone', claim({ annotations: done }), [volume('v')], 'lose ClaimLost'],
    ['bound: the volume has another claim', claim({ volumeName: 'v', annotations: done }), [volume('v', { claimRef: { ...meant, uid: 'other' } })], 'lose ClaimMisbound'],
  ])('%s', (_, wants, volumes, expected, ...more) => expect(plan(wants, volumes, ...more)).toBe(expected))
})

describe('planVolume', () => {
  const ref = { ...meant, uid: 'c-uid' }
  const provisioned = { 'pv.kubernetes.io/provisioned-by': 'x.io/y' }
  it.each<[string, PersistentVolume, PersistentVolumeClaim | undefined, string]>([
    ['free', volume('v', { phase: 'Pending' }), undefined, 'phase Available'],
    ['kept for a claim that may come', volume('v', { claimRef: meant }), undefined, 'phase Available'],
    ['its claim is about to be bound', volume('v', { claimRef: ref }), claim(), 'nothing'],
    ['bound', volume('v', { claimRef: ref }), claim({ volumeName: 'v' }), 'phase Bound'],
    ['its claim is gone', volume('v', { claimRef: ref, phase: 'Bound' }), undefined, 'phase Released'],
    ['another claim of that name', volume('v', { claimRef: { ...meant, uid: 'old' }, phase: 'Bound' }), claim(), 'phase Released'],
    ['kept', volume('v', { claimRef: ref, phase: 'Released', persistentVolumeReclaimPolicy: 'Retain' }), undefined, 'nothing'],
    ['deleted by its provisioner', volume('v', { claimRef: ref, phase: 'Released', persistentVolumeReclaimPolicy: 'Delete', annotations: provisioned }), undefined, 'nothing'],
    ['nobody can delete it', volume('v', { claimRef: ref, phase: 'Released', persistentVolumeReclaimPolicy: 'Delete' }), undefined, 'fail VolumeFailedDelete'],
    ['nobody recycles', volume('v', { claimRef: ref, phase: 'Released', persistentVolumeReclaimPolicy: 'Recycle' }), undefined, 'fail VolumeFailedRecycle'],
    ['failed once', volume('v', { claimRef: ref, phase: 'Failed', persistentVolumeReclaimPolicy: 'Recycle' }), undefined, 'nothing'],
    ['its claim took another', volume('v', { claimRef: ref }), claim({ volumeName: 'w' }), 'unbind'],
    ['its claim took another, and it was made for it', volume('v', { claimRef: ref, annotations: provisioned, persistentVolumeReclaimPolicy: 'Delete' }), claim({ volumeName: 'w' }), 'phase Released'],
  ])('%s', (_, object, its, expected) => {
    const plan = planVolume(object, its)
    expect(plan.do === 'phase' ? `phase ${plan.phase}` : plan.do === 'fail' ? `fail ${plan.notice.reason}` : plan.do).toBe(expected)
  })
  it('what a person wrote stays in a volume that is freed', () => {
    expect(withoutClaim(volume('v', { claimRef: ref })).spec.claimRef).toEqual(meant)
    const ours = withoutClaim(volume('v', { claimRef: ref, annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes', a: 'b' } }))
    expect([ours.spec.claimRef, ours.metadata.annotations]).toEqual([undefined, { a: 'b' }])
  })
})
