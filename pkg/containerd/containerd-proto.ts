// The part of containerd's own services (content, images, leases, events, diff, snapshots, tasks, namespaces) that kinglet speaks, as protobuf text.
// One text a package, because protobuf allows one package in a file. The numbers are checked against a real containerd like those of the CRI.

const wellKnown = `
syntax = "proto3";
package google.protobuf;
message Any { string type_url = 1; bytes value = 2; }
message Empty {}
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message FieldMask { repeated string paths = 1; }
`

const types = `
syntax = "proto3";
package containerd.types;
message Mount {
  string type = 1;
  string source = 2;
  string target = 3;
  repeated string options = 4;
}
message Descriptor {
  string media_type = 1;
  string digest = 2;
  int64 size = 3;
  map<string, string> annotations = 5;
}
`

const version = `
syntax = "proto3";
package containerd.services.version.v1;
message VersionResponse { string version = 1; string revision = 2; }
service Version {
  rpc Version(google.protobuf.Empty) returns (VersionResponse);
}
`

const namespaces = `
syntax = "proto3";
package containerd.services.namespaces.v1;
message Namespace { string name = 1; map<string, string> labels = 2; }
message ListNamespacesRequest { string filter = 1; }
message ListNamespacesResponse { repeated Namespace namespaces = 1; }
message CreateNamespaceRequest { Namespace namespace = 1; }
message CreateNamespaceResponse { Namespace namespace = 1; }
message DeleteNamespaceRequest { string name = 1; }
service Namespaces {
  rpc List(ListNamespacesRequest) returns (ListNamespacesResponse);
  rpc Create(CreateNamespaceRequest) returns (CreateNamespaceResponse);
  rpc Delete(DeleteNamespaceRequest) returns (google.protobuf.Empty);
}
`

const content = `
syntax = "proto3";
package containerd.services.content.v1;
enum WriteAction { STAT = 0; WRITE = 1; COMMIT = 2; }
message Info {
  string digest = 1;
  int64 size = 2;
  google.protobuf.Timestamp created_at = 3;
  google.protobuf.Timestamp updated_at = 4;
  map<string, string> labels = 5;
}
message InfoRequest { string digest = 1; }
message InfoResponse { Info info = 1; }
message UpdateRequest { Info info = 1; google.protobuf.FieldMask update_mask = 2; }
message UpdateResponse { Info info = 1; }
message ListContentRequest { repeated string filters = 1; }
message ListContentResponse { repeated Info info = 1; }
message DeleteContentRequest { string digest = 1; }
message ReadContentRequest { string digest = 1; int64 offset = 2; int64 size = 3; }
message ReadContentResponse { int64 offset = 1; bytes data = 2; }
message WriteContentRequest {
  WriteAction action = 1;
  string ref = 2;
  int64 total = 3;
  string expected = 4;
  int64 offset = 5;
  bytes data = 6;
  map<string, string> labels = 7;
}
message WriteContentResponse {
  WriteAction action = 1;
  google.protobuf.Timestamp started_at = 2;
  google.protobuf.Timestamp updated_at = 3;
  int64 offset = 4;
  int64 total = 5;
  string digest = 6;
}
message AbortRequest { string ref = 1; }
service Content {
  rpc Info(InfoRequest) returns (InfoResponse);
  rpc Update(UpdateRequest) returns (UpdateResponse);
  rpc List(ListContentRequest) returns (stream ListContentResponse);
  rpc Delete(DeleteContentRequest) returns (google.protobuf.Empty);
  rpc Read(ReadContentRequest) returns (stream ReadContentResponse);
  rpc Write(stream WriteContentRequest) returns (stream WriteContentResponse);
  rpc Abort(AbortRequest) returns (google.protobuf.Empty);
}
`

const images = `
syntax = "proto3";
package containerd.services.images.v1;
message Image {
  string name = 1;
  map<string, string> labels = 2;
  containerd.types.Descriptor target = 3;
  google.protobuf.Timestamp created_at = 7;
  google.protobuf.Timestamp updated_at = 8;
}
message GetImageRequest { string name = 1; }
message GetImageResponse { Image image = 1; }
message CreateImageRequest { Image image = 1; }
message CreateImageResponse { Image image = 1; }
message UpdateImageRequest { Image image = 1; google.protobuf.FieldMask update_mask = 2; }
message UpdateImageResponse { Image image = 1; }
message ListImagesRequest { repeated string filters = 1; }
message ListImagesResponse { repeated Image images = 1; }
message DeleteImageRequest { string name = 1; bool sync = 2; }
service Images {
  rpc Get(GetImageRequest) returns (GetImageResponse);
  rpc List(ListImagesRequest) returns (ListImagesResponse);
  rpc Create(CreateImageRequest) returns (CreateImageResponse);
  rpc Update(UpdateImageRequest) returns (UpdateImageResponse);
  rpc Delete(DeleteImageRequest) returns (google.protobuf.Empty);
}
`

const leases = `
syntax = "proto3";
package containerd.services.leases.v1;
message Lease { string id = 1; google.protobuf.Timestamp created_at = 2; map<string, string> labels = 3; }
message CreateRequest { string id = 1; map<string, string> labels = 3; }
message CreateResponse { Lease lease = 1; }
message DeleteRequest { string id = 1; bool sync = 2; }
message ListRequest { repeated string filters = 1; }
message ListResponse { repeated Lease leases = 1; }
service Leases {
  rpc Create(CreateRequest) returns (CreateResponse);
  rpc Delete(DeleteRequest) returns (google.protobuf.Empty);
  rpc List(ListRequest) returns (ListResponse);
}
`

const events = `
syntax = "proto3";
package containerd.services.events.v1;
message SubscribeRequest { repeated string filters = 1; }
message Envelope {
  google.protobuf.Timestamp timestamp = 1;
  string namespace = 2;
  string topic = 3;
  google.protobuf.Any event = 4;
}
service Events {
  rpc Subscribe(SubscribeRequest) returns (stream Envelope);
}
`

const taskEvents = `
syntax = "proto3";
package containerd.events;
message TaskCreate {
  string container_id = 1;
  string bundle = 2;
  repeated containerd.types.Mount rootfs = 3;
  TaskIO io = 4;
  string checkpoint = 5;
  uint32 pid = 6;
}
message TaskStart { string container_id = 1; uint32 pid = 2; }
message TaskDelete {
  string container_id = 1;
  uint32 pid = 2;
  uint32 exit_status = 3;
  google.protobuf.Timestamp exited_at = 4;
  string id = 5;
}
message TaskIO {
  string stdin = 1;
  string stdout = 2;
  string stderr = 3;
  bool terminal = 4;
}
message TaskExit {
  string container_id = 1;
  string id = 2;
  uint32 pid = 3;
  uint32 exit_status = 4;
  google.protobuf.Timestamp exited_at = 5;
}
message TaskOOM { string container_id = 1; }
message ContainerDelete { string id = 1; }
`

const taskTypes = `
syntax = "proto3";
package containerd.v1.types;
message Process { string container_id = 1; string id = 2; uint32 pid = 3; }
`

const tasks = `
syntax = "proto3";
package containerd.services.tasks.v1;
message ListTasksRequest { string filter = 1; }
message ListTasksResponse { repeated containerd.v1.types.Process tasks = 1; }
service Tasks {
  rpc List(ListTasksRequest) returns (ListTasksResponse);
}
`

const diff = `
syntax = "proto3";
package containerd.services.diff.v1;
message ApplyRequest { containerd.types.Descriptor diff = 1; repeated containerd.types.Mount mounts = 2; map<string,google.protobuf.Any> payloads = 3; }
message ApplyResponse { containerd.types.Descriptor applied = 1; }
service Diff {
  rpc Apply(ApplyRequest) returns (ApplyResponse);
}
`

const snapshots = `
syntax = "proto3";
package containerd.services.snapshots.v1;
enum Kind { UNKNOWN = 0; VIEW = 1; ACTIVE = 2; COMMITTED = 3; }
message PrepareSnapshotRequest {
  string snapshotter = 1;
  string key = 2;
  string parent = 3;
  map<string, string> labels = 4;
}
message PrepareSnapshotResponse { repeated containerd.types.Mount mounts = 1; }
message RemoveSnapshotRequest { string snapshotter = 1; string key = 2; }
message CommitSnapshotRequest {
  string snapshotter = 1;
  string name = 2;
  string key = 3;
  map<string, string> labels = 4;
}
message StatSnapshotRequest { string snapshotter = 1; string key = 2; }
message Info {
  string name = 1;
  string parent = 2;
  Kind kind = 3;
  google.protobuf.Timestamp created_at = 4;
  google.protobuf.Timestamp updated_at = 5;
  map<string, string> labels = 6;
}
message StatSnapshotResponse { Info info = 1; }
message UpdateSnapshotRequest { string snapshotter = 1; Info info = 2; google.protobuf.FieldMask update_mask = 3; }
message UpdateSnapshotResponse { Info info = 1; }
message ListSnapshotsRequest { string snapshotter = 1; repeated string filters = 2; }
message ListSnapshotsResponse { repeated Info info = 1; }
service Snapshots {
  rpc Prepare(PrepareSnapshotRequest) returns (PrepareSnapshotResponse);
  rpc Commit(CommitSnapshotRequest) returns (google.protobuf.Empty);
  rpc Remove(RemoveSnapshotRequest) returns (google.protobuf.Empty);
  rpc Stat(StatSnapshotRequest) returns (StatSnapshotResponse);
  rpc Update(UpdateSnapshotRequest) returns (UpdateSnapshotResponse);
  rpc List(ListSnapshotsRequest) returns (stream ListSnapshotsResponse);
}
`

export const containerdProtos = [wellKnown, types, version, namespaces, content, images, leases, events, taskEvents, taskTypes, tasks, diff, snapshots]
