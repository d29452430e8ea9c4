using Qkms.Core.Time;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;

namespace Qkms.Storage.Keys;

/// <summary>How many versions were generated of late.</summary>
internal sealed partial class KeyRepository
{
    // Ids rise with the time at which they are made: the first statement needs the index alone. They may be ahead of it, where a version
    // follows one of a clock that was wrong, so that it can count too many, and then the times themselves are looked at.
    private const string CountById =
        """
        SELECT COUNT(*)
        FROM (
          SELECT 1
          FROM key_versions
          WHERE tenant_id = @TenantId AND owner_kind = '' AND id > @First
          LIMIT @AtLeast) AS newest
        """;

    private const string CountByTime =
        """
        SELECT COUNT(*)
        FROM (
          SELECT 1
          FROM key_versions
          WHERE tenant_id = @TenantId AND owner_kind = '' AND id > @First AND created_at > @After
          LIMIT @AtLeast) AS newest
        """;

    /// <inheritdoc/>
    public async Task<bool> HasGeneratedAsync(IKmsSession session, TenantId tenantId, DateTimeOffset after, int atLeast)
    {
        var parameters = new
        {
            TenantId = tenantId.Value.ToBytes(),
            First = IdGenerator.FirstAt(after).ToBytes(),
            After = after.ToStored(),
            AtLeast = atLeast,
        };
        return await session.Sql.ScalarAsync<long>(CountById, parameters) == atLeast
            && await session.Sql.ScalarAsync<long>(CountByTime, parameters) == atLeast;
    }
}
