using System.Diagnostics;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Gates;
using Qkms.Core.Keys;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;

namespace Qkms.Core.Uses;

/// <summary>
/// The one place through which every use of a key passes, always in the same steps: choose the version, see whether it may be used, rent
/// its private key from memory, judge the request, wait for a turn where the work is long, do it, count it, give the key back. Where a name
/// alone says which key opens or checks something, the older versions are tried after the newest; that is one use, whatever it tries.
/// </summary>
internal sealed class KeyUses(
    KeyResolver resolver,
    MaterialCache materials,
    PrivateKeyGate gate,
    UseRecorder recorder,
    TenantStates tenants,
    OperationMetrics metrics,
    TimeProvider time)
{
    /// <summary>What counts the uses of the items of one request together.</summary>
    internal UseGroup Together(Caller caller) => new(caller, recorder, time);

    /// <summary>Does one piece of work with the key that is meant.</summary>
    /// <exception cref="KmsException">
    /// What <see cref="KeyResolver"/> and the work refuse; <see cref="KmsErrors.Unavailable"/> when no turn comes in time.
    /// </exception>
    internal async ValueTask<Used<T>> RunAsync<TKey, TState, T>(
        Caller caller, KeyChoice choice, KeyWork<TKey, TState, T> work, TState state, CancellationToken cancellationToken)
        where TKey : class
    {
        UseRecord record = new(metrics, work.Operation, choice, caller.TenantId);
        try
        {
            long generation = materials.Generation;
            ChosenKey chosen = await ChooseAsync(caller, choice, work.Operation, cancellationToken);
            record.Algorithm = chosen.Version.Algorithm;
            if (!choice.IsPaid)
                caller.Budget?.Pay(CostOf(chosen.Version.Algorithm, work.Operation));

            if (choice.EndsBeforeUse is { } end)
            {
                (await JudgeAsync(chosen.Version, generation, work, state, cancellationToken)).Lease.Dispose();
                throw end.Refusal();
            }

            (T? result, IReadOnlyList<string> warnings) = await UseAsync(chosen.Version, generation, work, state, cancellationToken);
            if (work.Fits?.Invoke(result) == false)
            {
                Used<T>? fitting = await TryOthersAsync(caller, choice, chosen.Version, generation, work, state, cancellationToken);
                if (fitting is null && work.Misfit is { } misfit)
                    throw misfit.Refusal();

                Used<T> other = await CountAsync(caller, choice, fitting ?? new Used<T>(chosen, result!, warnings), work.Operation);
                record.End(Outcomes.Ok);
                return other;
            }

            Used<T> use = await CountAsync(caller, choice, new Used<T>(chosen, result!, warnings), work.Operation);
            record.End(Outcomes.Ok);
            return use;
        }
        catch (Exception e)
        {
            record.End(Outcomes.Of(e));
            throw;
        }
    }

    /// <summary>
    /// Refuses what <see cref="RunAsync"/> would refuse before the key does anything. Nothing is paid, done or counted.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="KeyResolver"/> and the work's judgement refuse.</exception>
    internal async ValueTask RequireUsableAsync<TKey, TState, T>(
        Caller caller, KeyChoice choice, KeyWork<TKey, TState, T> work, TState state, CancellationToken cancellationToken)
        where TKey : class
    {
        long generation = materials.Generation;
        ChosenKey chosen = await ChooseAsync(caller, choice, work.Operation, cancellationToken);
        (await JudgeAsync(chosen.Version, generation, work, state, cancellationToken)).Lease.Dispose();
    }

    /// <summary>
    /// Does the same work with one key for many items. A refusal of the key concerns all of them, a refusal of an item that item alone.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="RunAsync"/> refuses before the work begins.</exception>
    internal async ValueTask<Used<IReadOnlyList<ItemOf<T>>>> RunManyAsync<TKey, TState, T>(
        Caller caller, KeyChoice choice, KeyWork<TKey, TState, T> work, IReadOnlyList<TState> items, CancellationToken cancellationToken)
        where TKey : class
        where T : class
    {
        UseRecord record = new(metrics, work.Operation, choice, caller.TenantId);
        ItemOf<T>[] results = new ItemOf<T>[items.Count];
        try
        {
            long generation = materials.Generation;
            ChosenKey chosen = await ChooseAsync(caller, choice, work.Operation, cancellationToken);
            record.Algorithm = chosen.Version.Algorithm;
            caller.Budget?.Pay(items.Count * CostOf(chosen.Version.Algorithm, work.Operation));
            using MaterialLease lease = await materials.RentAsync(chosen.Version, generation, cancellationToken);
            TKey key = lease.Key as TKey ?? throw CannotDo(work, chosen.Version);
            List<string> warnings = [];
            for (int i = 0; i < results.Length; i++)
            {
                record.Begin();
                try
                {
                    warnings.AddRange((work.Judge?.Invoke(key, items[i]) ?? []).Except(warnings, StringComparer.Ordinal));
                    results[i] = new ItemOf<T>(await DoAsync(key, chosen.Version.Algorithm, work, items[i], cancellationToken), null);
                    record.End(Outcomes.Ok);
                }
                catch (KmsException refusal) when (refusal.Error.Kind is not KmsErrorKind.Unavailable)
                {
                    caller.NoteRefusedItem(refusal.Error, caller.Asked);
                    results[i] = new ItemOf<T>(null, refusal);
                    record.End(Outcomes.Of(refusal));
                }
            }

            long used = await CountAsync(caller, chosen.Version, work.Operation, results);
            return new Used<IReadOnlyList<ItemOf<T>>>(LimitWarner.Warned(caller, chosen, used, time), results, warnings);
        }
        catch (Exception e)
        {
            foreach (ItemOf<T>? done in results)
                Results.Withdraw(done?.Result);

            record.End(Outcomes.Of(e));
            throw;
        }
    }

    /// <summary>
    /// Pays for all that a request will do with several keys, before any of it is done; the choices are then to be marked
    /// <see cref="KeyChoice.IsPaid"/>. A key that is not found costs one unit: that it is not there is said later.
    /// </summary>
    /// <exception cref="KmsException">What <see cref="ICostBudget.Pay"/> refuses.</exception>
    internal async ValueTask PayAsync(
        Caller caller, IEnumerable<(KeyChoice Choice, KeyOperation Operation)> planned, CancellationToken cancellationToken)
    {
        if (caller.Budget is not { } budget)
            return;

        int units = 0;
        foreach ((KeyChoice choice, KeyOperation operation) in planned)
            units += await PriceAsync(caller, choice, operation, cancellationToken);

        budget.Pay(units);
    }

    private async ValueTask<int> PriceAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        // Only a kid leaves the algorithm open.
        if (choice.Kid is null)
            return CostOf(choice.AlgorithmMeant, operation);

        try
        {
            return CostOf((await resolver.FindAsync(caller, choice, operation, cancellationToken)).Used.Version.Algorithm, operation);
        }
        catch (KmsException refusal) when (refusal.Error.Kind is not KmsErrorKind.Unavailable)
        {
            return 1;
        }
    }

    private static int CostOf(KeyAlgorithm algorithm, KeyOperation operation) => algorithm.Family.CostOf(algorithm, operation);

    private async ValueTask<(T? Result, IReadOnlyList<string> Warnings)> UseAsync<TKey, TState, T>(
        KeyVersion version, long generation, KeyWork<TKey, TState, T> work, TState state, CancellationToken cancellationToken)
        where TKey : class
    {
        Judged<TKey> judged = await JudgeAsync(version, generation, work, state, cancellationToken);
        using MaterialLease lease = judged.Lease;
        return (await DoAsync(judged.Key, version.Algorithm, work, state, cancellationToken), judged.Warnings);
    }

    // The caller gives the key back.
    private async ValueTask<Judged<TKey>> JudgeAsync<TKey, TState, T>(
        KeyVersion version, long generation, KeyWork<TKey, TState, T> work, TState state, CancellationToken cancellationToken)
        where TKey : class
    {
        MaterialLease lease = await materials.RentAsync(version, generation, cancellationToken);
        try
        {
            TKey key = lease.Key as TKey ?? throw CannotDo(work, version);
            return new Judged<TKey>(lease, key, work.Judge?.Invoke(key, state) ?? []);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>The use of the newest version that fits, of those that a name alone may mean beside the one tried; null = none.</summary>
    private async ValueTask<Used<T>?> TryOthersAsync<TKey, TState, T>(
        Caller caller,
        KeyChoice choice,
        KeyVersion tried,
        long generation,
        KeyWork<TKey, TState, T> work,
        TState state,
        CancellationToken cancellationToken)
        where TKey : class
    {
        foreach (KeyVersion other in await resolver.FindOthersAsync(caller, choice, tried, work.Operation, cancellationToken))
        {
            choice.Trials?.Take();
            caller.Budget?.PayWhatIsThere(CostOf(other.Algorithm, work.Operation));
            (T? result, IReadOnlyList<string> warnings) = await UseAsync(other, generation, work, state, cancellationToken);
            if (!work.Fits!(result))
                continue;

            caller.Touch(other);
            return new Used<T>(new ChosenKey(other, null), result!, warnings);
        }

        return null;
    }

    // The answer leaves after its use is counted, and not at all when it is not, or when the tenant was suspended since.
    private async ValueTask<Used<T>> CountAsync<T>(Caller caller, KeyChoice choice, Used<T> use, KeyOperation operation)
    {
        KeyVersion version = use.Key.Version;
        bool isRecorded = operation.IsCounted() && recorder.Records(version);
        if (isRecorded && choice.Together is { } group)
        {
            group.Add(version, operation);
            return use;
        }

        long used = version.Used;
        try
        {
            if (isRecorded)
                used = (await recorder.RecordAsync(caller, version, operation, 1)).Used;
            else
                await tenants.RequireActiveAsync(caller.TenantId, CancellationToken.None);
        }
        catch
        {
            use.Withdraw();
            throw;
        }

        return use with { Key = LimitWarner.Warned(caller, use.Key, used, time) };
    }

    // Of items as many are answered as there are uses left, the first ones; an item that was refused is no use.
    private async ValueTask<long> CountAsync<T>(Caller caller, KeyVersion version, KeyOperation operation, ItemOf<T>[] results)
        where T : class
    {
        int made = results.Count(item => item.Refusal is null);
        if (made == 0)
            return version.Used;

        if (!operation.IsCounted() || !recorder.Records(version))
        {
            await tenants.RequireActiveAsync(caller.TenantId, CancellationToken.None);
            return version.Used;
        }

        CountedUses counted = await recorder.RecordAsync(caller, version, operation, made);
        int left = counted.Granted;
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i].Refusal is null && left-- <= 0)
            {
                Results.Withdraw(results[i].Result);
                caller.NoteRefusedItem(counted.Refusal!, caller.Asked);
                results[i] = new ItemOf<T>(null, counted.Refusal!.Refusal());
            }
        }

        return counted.Used;
    }

    // Another node may have revoked or destroyed it, or switched its key off: this is the moment at which this node learns of it, and its
    // memory must not hold the key any longer.
    private async ValueTask<ChosenKey> ChooseAsync(
        Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.ChooseKey);
        if (choice is { Kid: null, IsByCiphertext: false })
            caller.Touch(choice.AlgorithmMeant, use: null);

        AskedKey asked = choice.Asked;
        caller.Asked = asked;
        FoundKey found = await resolver.FindAsync(caller, choice, operation, cancellationToken);
        caller.Touch(found.Used.Version);
        if (choice.Kid is null)
            caller.Asked = asked with { Kid = found.Used.Version.Kid, Version = found.Used.Version.Version };

        if (found.Used.Key.Enablement != KeyEnablement.Enabled)
            materials.Withdraw(found.Used.Key.Id);
        else if (KeyStateRules.IsOver(found.Used.Version))
            materials.Withdraw(found.Used.Version.Id);

        return resolver.Admit(caller, choice, found, operation);
    }

    private static KmsException CannotDo<TKey, TState, T>(KeyWork<TKey, TState, T> work, KeyVersion version)
        where TKey : class =>
        work.Elsewhere is { } elsewhere
            ? KmsErrors.WrongOperation.With($"{version.Algorithm} {elsewhere}")
            : KeyResolver.WrongOperation(version);

    private async ValueTask<T?> DoAsync<TKey, TState, T>(
        TKey key, KeyAlgorithm algorithm, KeyWork<TKey, TState, T> work, TState state, CancellationToken cancellationToken)
        where TKey : class => algorithm.Family.WaitsForTurn(work.Operation)
            ? await gate.RunAsync(
                (key, algorithm, work, state), static turn => Do(turn.key, turn.algorithm, turn.work, turn.state), cancellationToken)
            : Do(key, algorithm, work, state);

    private static T? Do<TKey, TState, T>(TKey key, KeyAlgorithm algorithm, KeyWork<TKey, TState, T> work, TState state)
        where TKey : class
    {
        using Activity? span = KmsActivities.Start(KmsActivities.Crypto);
        if (span is null)
            return work.Run(key, state);

        span.SetTag(KmsMeter.OperationLabel, OperationNames.Of(work.Operation)).SetTag(KmsMeter.AlgorithmLabel, algorithm.Name);
        try
        {
            T? result = work.Run(key, state);

            // What does not fit this version may fit the next one: how the use ended is not known here.
            if (work.Fits?.Invoke(result) != false)
                span.SetTag(KmsMeter.OutcomeLabel, Outcomes.Ok);

            return result;
        }
        catch (Exception e)
        {
            string outcome = Outcomes.Of(e);
            span.SetTag(KmsMeter.OutcomeLabel, outcome);
            if (outcome == Outcomes.Failed)
                span.SetStatus(ActivityStatusCode.Error);

            throw;
        }
    }

    /// <summary>A key that may do a piece of work, still to be given back.</summary>
    private readonly record struct Judged<TKey>(MaterialLease Lease, TKey Key, IReadOnlyList<string> Warnings);
}
