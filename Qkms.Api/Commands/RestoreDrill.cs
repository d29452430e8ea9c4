using System.Globalization;
using Qkms.Api.Hosting;
using Qkms.Core.Backups;
using Qkms.Core.Cryptography;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Time;
using Qkms.Core.Verification;

namespace Qkms.Api.Commands;

/// <summary>
/// Restores a backup into a temporary folder, checks everything that <c>verify</c> checks, uses some of its private keys, and deletes the
/// folder: whether a backup is worth something is known before it is needed.
/// </summary>
internal sealed class RestoreDrill(
    QkmsSettings settings,
    RootKeyEnvironment environment,
    Func<IServiceCollection, string, IServiceCollection> addFolder,
    TextWriter output,
    bool showBar,
    bool isJson)
{
    /// <summary>Does it; how many things do not hold.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="progress">Is told how far the restore is.</param>
    /// <param name="sample">How many private keys are used.</param>
    public async Task<int> RunAsync(BackupArchive backup, IBackupProgress progress, int sample)
    {
        using RootSecrets secrets = CommandServices.FindSecrets(environment, settings);

        // With mode 0700.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("qkms-drill-");
        try
        {
            await using ServiceProvider services = addFolder(new ServiceCollection(), folder.FullName)
                .AddSingleton(TimeProvider.System)
                .AddSingleton<IdGenerator>()
                .AddSingleton<Keyring>()
                .AddSingleton<RowSealer>()
                .AddSingleton<Verifier>()
                .AddSingleton<Restorer>()
                .AddSingleton<KeySample>()
                .AddSingleton(PqcEngines.Select(settings.Engine, settings.StrictEngine))
                .BuildServiceProvider();
            await services.GetRequiredService<Restorer>().RunAsync(
                backup, secrets, replace: false, progress, CancellationToken.None);
            (progress as CommandProgress)?.End();
            VerifyReport report = new(isJson ? TextWriter.Null : output, showBar);
            (VerificationSummary summary, int working) = await services.GetRequiredService<IStoreSnapshot>().ReadAsync(
                async session =>
                {
                    VerificationSummary found = await services.GetRequiredService<Verifier>().RunAsync(session, secrets, report);
                    return (found, await services.GetRequiredService<KeySample>().RunAsync(session, sample, report.Add));
                },
                CancellationToken.None);
            await SayAsync(backup.Manifest, report, summary, sample == 0 ? null : working);
            return report.Count;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task SayAsync(BackupManifest manifest, VerifyReport report, VerificationSummary summary, int? working)
    {
        if (isJson)
        {
            await output.WriteLineAsync(ToJson(manifest, report, summary, working ?? 0));
            return;
        }

        report.End($"the backup of {manifest.MadeAtText}", summary);
        if (working is null)
            return;

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"Signed and verified, or encrypted and decrypted, with {working:N0} of {summary.PrivateKeys:N0} private keys, chosen at "
            + $"random. Nothing was kept."));
    }

    private static string ToJson(BackupManifest manifest, VerifyReport report, VerificationSummary summary, int working) =>
        CommandJson.Object(json =>
        {
            json.WriteString("installation_id", manifest.Facts.InstallationId);
            json.WriteString("made_at", manifest.MadeAtText);
            json.WriteNumber("tenants", summary.Tenants);
            json.WriteNumber("events", summary.Events);
            json.WriteNumber("keys", summary.Keys);
            json.WriteNumber("versions", summary.Versions);
            json.WriteNumber("private_keys", summary.PrivateKeys);
            json.WriteNumber("used_private_keys", working);
            json.WriteTexts("findings", report.Findings);
        });
}
