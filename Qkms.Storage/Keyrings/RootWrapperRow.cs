using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keyrings;

/// <summary>A row of <c>root_wrappers</c>.</summary>
internal sealed class RootWrapperRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "master_key_id, wrapper_id, kind, parameters, root_key_id, state, wrapped, created_at";

    public byte[] MasterKeyId { get; init; } = [];

    public byte[] WrapperId { get; init; } = [];

    public string Kind { get; init; } = "";

    public string Parameters { get; init; } = "";

    public string RootKeyId { get; init; } = "";

    public long State { get; init; }

    public byte[] Wrapped { get; init; } = [];

    public long CreatedAt { get; init; }

    public static RootWrapperRow From(RootWrapper wrapper) => new()
    {
        MasterKeyId = wrapper.MasterKeyId.ToBytes(),
        WrapperId = wrapper.WrapperId.ToBytes(),
        Kind = wrapper.Kind,
        Parameters = wrapper.Parameters,
        RootKeyId = wrapper.RootKeyId,
        State = (int)wrapper.State,
        Wrapped = wrapper.Wrapped,
        CreatedAt = wrapper.CreatedAt.ToStored(),
    };

    public RootWrapper ToWrapper()
    {
        StoredRowReader read = new();
        (Guid masterKey, Guid wrapper, int state) = (read.Id(MasterKeyId), read.Id(WrapperId), read.Number(State));

        // The time is for people: a damaged one keeps no key from opening.
        return new RootWrapper(
            masterKey,
            wrapper,
            Kind,
            Parameters,
            RootKeyId,
            (KeyringState)state,
            read.Wrapped(Wrapped),
            new StoredRowReader().Time(CreatedAt));
    }
}
