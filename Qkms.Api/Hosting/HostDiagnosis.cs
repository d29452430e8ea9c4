using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Qkms.Api.Certificates;
using Qkms.Core.Backups;
using Qkms.Core.Diagnosis;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;

namespace Qkms.Api.Hosting;

/// <summary>Looks at what only this host can tell: files, disk, clock, certificates, the root key. It reads.</summary>
/// <param name="settings">The service's settings.</param>
/// <param name="configuration">The same as Kestrel reads them.</param>
/// <param name="limits">From where on something is worth a word.</param>
/// <param name="time">The clock.</param>
internal sealed class HostDiagnosis(QkmsSettings settings, IConfiguration configuration, DiagnosisLimits limits, TimeProvider time)
{
    private const UnixFileMode OthersMayRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _folder = settings.DataDirectory;

    /// <summary>Whether the kernel's clock is kept by somebody; null where it does not say.</summary>
    public Func<bool?> IsClockKept { get; init; } = AskKernel;

    /// <summary>What there is to say of files, disk, clock and certificates.</summary>
    public IEnumerable<Finding> Look()
    {
        yield return LookAtFiles();
        if (LookAtDisk() is { } disk)
            yield return disk;

        if (IsClockKept() == false)
            yield return Finding.Warn(
                Checks.Clock, "Nothing keeps this host's clock, says the kernel.", "Start an NTP client: systemd-timesyncd or chrony.");

        foreach (Finding certificate in LookAtCertificates())
            yield return certificate;
    }

    /// <summary>What there is to say of the root key, and its id if it was found.</summary>
    public static (Finding Finding, string? Id) LookAtRootKey(RootKeyLocator rootKeys)
    {
        try
        {
            using RootKey? found = rootKeys.Find();
            if (found is null && rootKeys.FindToken() is { } token)
                return (Finding.Fine(
                    Checks.RootKey,
                    $"It is sealed by {token.Uri}. The token was not asked: 'qkms root-key list' does that."), null);

            if (found is null && rootKeys.FindOtherKms() is { } other)
                return (Finding.Fine(
                    Checks.RootKey,
                    $"It is sealed by key {other.Key} of the other KMS at {other.Endpoint.Url}, which was not asked: 'qkms root-key list' "
                    + "does that."), null);

            return found is null
                ? (Finding.Fail(
                    Checks.RootKey,
                    $"There is none: no source is set, and {rootKeys.DefaultPath} does not exist.",
                    "Put it back from its copy. Without it no key of this database opens."), null)
                : (rootKeys.IsBesideData(found) ? BesideData() : Finding.Fine(Checks.RootKey, $"It comes from {found.Source}."), found.Id);
        }
        catch (Exception e) when (e is RootKeyException or UntrustedPathException or UnauthorizedAccessException)
        {
            return (Finding.Fail(Checks.RootKey, e.Message, "The line says it; see docs/hardening.md."), null);
        }
    }

    /// <summary>The same while the service runs, which has read the root key and forgotten it.</summary>
    public Finding LookForRootKeyBesideData() => File.Exists(Path.Combine(_folder, RootKeyLocator.FileName))
        ? BesideData()
        : Finding.Fine(Checks.RootKey, "The service has read it, and it is not in the data directory.");

    /// <summary>The newest backup that is noted here; what stands there instead is a finding.</summary>
    public (LastBackup? Backup, Finding? Problem) FindLastBackup()
    {
        try
        {
            return (LastBackup.Read(_folder), null);
        }
        catch (Exception e) when (e is BackupException or IOException or UnauthorizedAccessException)
        {
            return (null, Finding.Warn(Checks.Backup, e.Message, "Delete the file, and run 'qkms backup'."));
        }
    }

    private static Finding BesideData() => Finding.Warn(
        Checks.RootKey,
        "It is in the data directory: a copy of that directory reveals every key.",
        "Move it, as docs/hardening.md says under 'Keep the root key apart from the data'.");

    private Finding LookAtFiles()
    {
        const string Repair = "The line says what to do; the user of the service alone should have the files.";
        try
        {
            if (!Directory.Exists(_folder))
                return settings.Storage.ConnectionString is null
                    ? Finding.Fail(Checks.Files, $"There is no data directory {_folder}.", "Name the one of the service, as its user.")
                    : Finding.Fine(Checks.Files, "There is no data directory yet.");

            TrustedPath.CheckFolder(_folder);
            foreach (string file in Directory.GetFiles(_folder))
            {
                TrustedPath.CheckFile(file);
                if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & OthersMayRead) != 0)
                    return Finding.Warn(Checks.Files, $"Others may read {file}.", $"chmod 600 {file}");
            }
        }
        catch (FileNotFoundException)
        {
            // A log that SQLite took away meanwhile.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Fail(Checks.Files, e.Message, Repair);
        }

        return File.Exists(Path.Combine(_folder, InitialApiKeyFile.Name))
            ? Finding.Warn(
                Checks.Files,
                "The first API key, which may do everything, is still in the data directory.",
                $"Move {Path.Combine(_folder, InitialApiKeyFile.Name)} to where you keep secrets.")
            : Finding.Fine(Checks.Files, $"Nobody else may write {_folder}, or read what is in it.");
    }

    private Finding? LookAtDisk()
    {
        if (!Directory.Exists(_folder))
            return null;

        long free = new DriveInfo(_folder).AvailableFreeSpace;
        string text = string.Create(CultureInfo.InvariantCulture, $"The disk of {_folder} has {free / 1048576.0:N0} MB left.");
        const string Repair = "Make room: Qkms refuses writes, with 503, when the disk is full.";
        return free < limits.DiskFailure ? Finding.Fail(Checks.Disk, text, Repair)
            : free < limits.DiskWarning ? Finding.Warn(Checks.Disk, text, Repair)
            : Finding.Fine(Checks.Disk, text);
    }

    private IEnumerable<Finding> LookAtCertificates()
    {
        IReadOnlyList<CertificateFiles> files = CertificateFiles.In(configuration, AppContext.BaseDirectory);
        if (files.Count == 0)
            yield return Finding.Fine(Checks.Certificates, "The settings name no certificate files.");

        foreach (CertificateFiles file in files)
            yield return LookAt(file);
    }

    private Finding LookAt(CertificateFiles file)
    {
        const string Repair = "Replace the file: Qkms serves the new one without a restart.";
        try
        {
            using X509Certificate2 certificate = file.Load().TargetCertificate;
            DateTime now = time.GetUtcNow().UtcDateTime;
            DateTime end = certificate.NotAfter.ToUniversalTime();
            DateTime begin = certificate.NotBefore.ToUniversalTime();
            return now < begin ? Finding.Fail(Checks.Certificates, $"The certificate in {file.Path} is not valid before {begin:u}.", Repair)
                : now >= end ? Finding.Fail(Checks.Certificates, $"The certificate in {file.Path} expired at {end:u}.", Repair)
                : now >= end - limits.Notice
                ? Finding.Warn(Checks.Certificates, $"The certificate in {file.Path} expires at {end:u}.", Repair)
                : Finding.Fine(Checks.Certificates, $"The certificate in {file.Path} is valid until {end:u}.");
        }
        catch (CertificateException e)
        {
            return Finding.Fail(Checks.Certificates, e.Message, Repair);
        }
    }

    private static bool? AskKernel()
    {
        LibC.ClockStatus status = default;
        return !OperatingSystem.IsLinux() || !Environment.Is64BitProcess || LibC.AdjustTime(ref status) < 0
            ? null
            : (status.Status & LibC.Unsynchronized) == 0;
    }
}
