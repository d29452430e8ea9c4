using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Administration;

/// <summary>Replaces API keys by new ones that may do the same.</summary>
internal sealed class ApiKeyRotation(
    IKmsStore store,
    ICredentialRepository credentials,
    ApiKeyReader reader,
    TenantLock tenantLock,
    TenantProvisioning provisioning,
    ApiKeyIssuer issuer,
    Changes changes,
    RowSealer sealer,
    TimeProvider time)
{
    /// <summary>The longest grace of a rotation.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromDays(7);

    /// <summary>The grace of the API key that makes the request: it goes on while its replacement is brought to where it is used.</summary>
    public static readonly TimeSpan OwnGrace = TimeSpan.FromHours(24);

    /// <summary>Makes an API key that may do the same and takes the place of another one, which ends after a grace.</summary>
    /// <param name="caller">Who replaces it.</param>
    /// <param name="id">The API key.</param>
    /// <param name="grace">
    /// How long the old one goes on, at most <see cref="MaxGrace"/>; null = <see cref="OwnGrace"/> for the caller's own, and not at all for
    /// others.
    /// </param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.ApiKeyState"/>, <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<RotatedApiKey>> RotateAsync(
        Caller caller, CredentialId id, TimeSpan? grace, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => reader.FindAsync(session, caller, id), cancellationToken),
            () => RotateNowAsync(
                caller, id, grace ?? (id == caller.CredentialId ? OwnGrace : TimeSpan.Zero), request, cancellationToken),
            cancellationToken);

    private async Task<Done<RotatedApiKey>> RotateNowAsync(
        Caller caller, CredentialId id, TimeSpan grace, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        Credential first = await store.ReadAsync(session => reader.FindAsync(session, caller, id), cancellationToken);
        ApiKeyStates.RequireRotatable(first, time.GetUtcMilliseconds());
        NewApiKey issued = issuer.Issue(caller.TenantId, first.Label, first.Roles, kind: first.Kind);
        return await issued.OrDisposeAsync(
            async () => await changes.WriteAsync(
                caller,
                request,
                Plan(first),
                async () => Plan(await store.ReadAsync(session => reader.FindAsync(session, caller, id), cancellationToken)),
                cancellationToken));

        PlannedChange<RotatedApiKey> Plan(Credential old)
        {
            DateTimeOffset now = time.GetUtcMilliseconds();
            ApiKeyStates.RequireRotatable(old, now);

            // Its life is as long as the old one's, counted from now on.
            Credential successor = issued.Credential.UnverifiedRow with
            {
                Label = old.Label,
                Roles = old.Roles,
                Permissions = old.Permissions,
                KeyScope = old.KeyScope,
                CreatedAt = now,
                ExpiresAt = old.ExpiresAt is { } expires ? now + (expires - old.CreatedAt) : null,
            };
            NewApiKey made = issued with { Credential = sealer.Seal(successor) };
            Credential replaced = old with { GraceUntil = now + grace, SuccessorId = successor.Id };
            NewApiKeyResult result = new(ApiKeyInfo.Of(successor), issued.Text);
            return new PlannedChange<RotatedApiKey>(
                new RotatedApiKey(result, ApiKeyInfo.Of(replaced)), now, session => TryRotateAsync(session, caller, old, replaced, made));
        }
    }

    private async Task<bool> TryRotateAsync(IKmsSession session, Caller caller, Credential old, Credential replaced, NewApiKey made)
    {
        (_, Caller current) = await tenantLock.EnterAsync(session, caller, Permission.ApiKeysRotate);
        if (!await tenantLock.HoldsAsync(session, old))
            return false;

        // Whoever rotates it gets to know an API key that may do what the old one may.
        ApiKeyGrants.Of(old).Check(current);
        JournalActor actor = JournalActor.Of(caller);
        Credential successor = made.Credential.UnverifiedRow;
        await provisioning.AddAsync(session, made, actor, $"replaces {old.Id}; {ApiKeyEvents.Describe(successor)}");
        string reason = $"replaced by {successor.Id}; ends at {ApiKeyEvents.Text(replaced.EndsAt)}";
        await provisioning.MustUpdateAsync(session, replaced, actor, JournalActions.ApiKeyRotated, reason);

        // At most two of one chain can be used at a time, so that rotations do not add to what the plan allows.
        if (await credentials.FindPredecessorAsync(session, old.TenantId, old.Id) is { } row
            && sealer.Open(row) is { } predecessor
            && predecessor.IsUsableAt(time.GetUtcMilliseconds()))
        {
            await provisioning.MustUpdateAsync(
                session,
                predecessor with { State = CredentialState.Revoked },
                actor,
                JournalActions.ApiKeyRevoked,
                $"its successor {old.Id} was replaced");
        }

        return true;
    }
}
