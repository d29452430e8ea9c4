using System.Text.Json.Serialization;
using Qkms.Api.Envelopes;

namespace Qkms.Api.Rotations;

/// <summary>Requests and answers about rotations, as JSON.</summary>
[JsonSerializable(typeof(RotateVersionRequest))]
[JsonSerializable(typeof(CancelRotationJobRequest))]
[JsonSerializable(typeof(Envelope<ChainResponse>))]
[JsonSerializable(typeof(Envelope<RotationJobResponse>))]
[JsonSerializable(typeof(Envelope<RotationJobListResponse>))]
internal sealed partial class RotationJson : JsonSerializerContext;
