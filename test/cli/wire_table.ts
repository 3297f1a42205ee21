/**
 * Commands whose bytes on the wire are compared: those of the system's curl, and those of curlew.
 * They are text for bash; the variables are those of `wire.test.ts`, the files are in its folder.
 *
 * `DIFFERENT` lists the commands whose bytes differ, with the reason.
 */

const URLS = `
$HTTP/small
$HTTP
$HTTP/?
$HTTP/echo?a=b
"$HTTP/echo?a=b&c=d"
"$HTTP/echo?q=a b"
"$HTTP/echo/ä?ö=ü"
"$HTTP/echo#fragment"
"$HTTP/echo?a#b?c"
$HOST/small
$HTTP/a/../small
$HTTP/a/./small
$HTTP/%2e%2e/small
--path-as-is $HTTP/a/../small
"http://user:pass@$HOST/echo"
"http://us%40er:p%3Ass@$HOST/echo"
"http://user@$HOST/echo"
HTTP://127.0.0.1:$PORT/small
http://localhost:$PORT/small
http://127.1:$PORT/small
http://0x7f000001:$PORT/small
$HTTP/small $HTTP/small
$HTTP/small $HTTP/echo?2 $HTTP/echo?3
--url $HTTP/small
--url $HTTP/small --url $HTTP/echo
--url=$HTTP/small
-- $HTTP/small
"$HTTP/bytes/[1-3]"
"$HTTP/bytes/[1-9:4]"
"$HTTP/echo?[a-e:2]"
"$HTTP/echo?[008-011]"
"$HTTP/echo?{one,two,th ree}"
"$HTTP/echo?{a,b}[1-2]"
"$HTTP/echo?\\{a\\}"
-g "$HTTP/echo?{a}[b]"
-g "$HTTP/echo?[1-3]"
"$HTTP/echo?a[]=b"
"http://{127.0.0.1,localhost}:$PORT/small"
--request-target "*" -X OPTIONS $HTTP/
--request-target /other $HTTP/small
--proto-default http $HOST/small
-o one $HTTP/small -o two $HTTP/echo
-G $HTTP/echo
-G -d a=b $HTTP/echo
-G -d a=b -d c=d $HTTP/echo
-G -d a=b "$HTTP/echo?x=y"
-G --data-urlencode "a=b c" $HTTP/echo
-G -d "a b" $HTTP/echo
-G -d a=b "$HTTP/echo#frag"
-G -d a=b $HTTP
-I -G -d a=b $HTTP/echo
`;

const METHODS = `
-I $HTTP/small
--head $HTTP/small
-X DELETE $HTTP/echo
-X delete $HTTP/echo
--request PATCH $HTTP/echo
-XPUT $HTTP/echo
-X POST $HTTP/echo
-X "" $HTTP/echo -X GET
-X GET -d a=b $HTTP/echo
-X PUT -d a=b $HTTP/echo
-X HEAD -I $HTTP/small
-X PROPFIND -H "Depth: 1" $HTTP/echo
-X FOO -d "" $HTTP/echo
`;

const HEADERS = `
-H "X-One: 1" $HTTP/echo
-H "X-One: 1" -H "X-Two: 2" $HTTP/echo
-H "x-lower: a" -H "X-UPPER: B" $HTTP/echo
-H "X-Empty;" $HTTP/echo
-H "Accept:" $HTTP/echo
-H "Accept: text/html" $HTTP/echo
-H "User-Agent:" $HTTP/echo
-H "User-Agent: me" $HTTP/echo
-H "Host: example.com" $HTTP/echo
-H "Host:" $HTTP/echo
-H "X-Spaces:    many   " $HTTP/echo
-H "X-None:value" $HTTP/echo
-H "X-Tab:	tab" $HTTP/echo
-H "X-Uml: ä" $HTTP/echo
-H $'X-Latin: \\xe4' $HTTP/echo
-H "X-Semicolon: a;b" $HTTP/echo
-H "No colon" $HTTP/echo
-H "X-A: 1" -H "X-A: 2" $HTTP/echo
-H @headers.txt $HTTP/echo
-H @- $HTTP/echo < headers.txt
-H "Content-Type: text/plain" $HTTP/echo
-H "Transfer-Encoding: chunked" -d abc $HTTP/echo
-H "Connection: close" $HTTP/echo
-H "Expect: 100-continue" -d abc $HTTP/echo
-A agent $HTTP/echo
-A "" $HTTP/echo
-A "Mozilla/5.0 (X11; Linux)" $HTTP/echo
--user-agent agent $HTTP/echo
-A one -A two $HTTP/echo
-e http://example.com/ $HTTP/echo
-e "" $HTTP/echo
-e ";auto" -L $HTTP/redirect/1
-e "http://example.com/;auto" -L $HTTP/redirect/2
-r 0-9 $HTTP/bytes/100
-r 5 $HTTP/bytes/100
-r -5 $HTTP/bytes/100
-r 0-1,4-5 $HTTP/bytes/100
-C 10 $HTTP/bytes/100
-C - -o part.bin $HTTP/bytes/100
-z "Sun, 06 Nov 1994 08:49:37 GMT" $HTTP/small
-z 20040911 $HTTP/small
-z "-06 Nov 1994 08:49:37" $HTTP/small
-z "=6 Nov 1994" $HTTP/small
-z data.txt $HTTP/small
--compressed $HTTP/gzip
--tr-encoding $HTTP/small
--compressed --tr-encoding $HTTP/small
--compressed -H "Accept-Encoding: br" $HTTP/small
--raw --compressed $HTTP/gzip
-0 $HTTP/small
--http1.0 $HTTP/small
--http1.1 $HTTP/small
--http2 $HTTP/small
--http1.1 -0 $HTTP/small
--no-keepalive $HTTP/small
--ignore-content-length -H "Connection: close" $HTTP/small
--no-alpn --no-sessionid $HTTP/small
--oauth2-bearer token $HTTP/echo
`;

const COOKIES = `
-b a=b $HTTP/cookies
-b "a=b; c=d" $HTTP/cookies
-b a=b -b c=d $HTTP/cookies
-b "a=b" -b " c=d" $HTTP/cookies
--cookie a=b $HTTP/cookies
-b cookies.txt $HTTP/cookies
-b cookies.txt -b a=b $HTTP/cookies
-b "" "$HTTP/cookies/set?a=1" $HTTP/cookies
-b none.txt $HTTP/cookies
-c jar.txt "$HTTP/cookies/set?a=1" $HTTP/cookies
-c - "$HTTP/cookies/set?a=1" $HTTP/cookies
-c jar2.txt "$HTTP/cookies/set?a=1" --next -b jar2.txt $HTTP/cookies
-j -b cookies.txt $HTTP/cookies
-b "" "$HTTP/cookies/set?a=1" --next $HTTP/cookies
-H "Cookie: x=y" $HTTP/cookies
-H "Cookie: x=y" -b a=b $HTTP/cookies
`;

const DATA = `
-d a=b $HTTP/echo
--data a=b $HTTP/echo
--data-ascii a=b $HTTP/echo
-d a=b -d c=d $HTTP/echo
-da=b $HTTP/echo
-d "" $HTTP/echo
-d "" -d a=b $HTTP/echo
-d a=b -d "" $HTTP/echo
-d "with spaces & ä" $HTTP/echo
-d $'line\\r\\nline' $HTTP/echo
-d $'\\xff\\xfe' $HTTP/echo
-d @data.txt $HTTP/echo
-d @data.txt -d a=b $HTTP/echo
-d a=b -d @data.txt $HTTP/echo
-d @empty $HTTP/echo
-d @nul.txt $HTTP/echo
-d @- $HTTP/echo < data.txt
--data-binary @data.txt $HTTP/echo
--data-binary @bin.dat $HTTP/echo
--data-binary @- $HTTP/echo < bin.dat
--data-binary a=b $HTTP/echo
--data-binary @data.txt --data-binary @bin.dat $HTTP/echo
--data-raw @data.txt $HTTP/echo
--data-raw a=b -d c=d $HTTP/echo
--data-urlencode "a b&c" $HTTP/echo
--data-urlencode "=a b&c=d" $HTTP/echo
--data-urlencode "name=a b&c=d" $HTTP/echo
--data-urlencode @data.txt $HTTP/echo
--data-urlencode name@data.txt $HTTP/echo
--data-urlencode name@bin.dat $HTTP/echo
--data-urlencode "na me=ä~*'()" $HTTP/echo
--data-urlencode "mail@example.com=x" $HTTP/echo
--data-urlencode "" $HTTP/echo
--data-urlencode a=b -d c=d --data-urlencode e@data.txt $HTTP/echo
-d a=b -H "Content-Type: application/json" $HTTP/echo
-d a=b -H "Content-Type:" $HTTP/echo
-d '{"a": "b"}' -H 'content-type: application/json' $HTTP/echo
--json '{"a": 1}' $HTTP/echo
--json '{"a":' --json ' 1}' $HTTP/echo
--json @data.txt $HTTP/echo
--json '{}' -H "Accept: text/html" $HTTP/echo
--json '{}' -H "Content-Type: application/vnd.api+json" $HTTP/echo
--json '[1]' -X PUT $HTTP/echo
-d a=b --json '{}' $HTTP/echo
-d @large.txt $HTTP/sink
-d @large.txt -H "Expect:" $HTTP/sink
--expect100-timeout 0.1 -d @large.txt $HTTP/sink
-d a=b $HTTP/echo $HTTP/echo
-d a=b -X PUT -H "X-Y: z" $HTTP/echo
-d a=b -0 $HTTP/echo
--post301 -L -d a=b "$HTTP/redirect-to?status=301&url=/echo&read=1"
--post302 -L -d a=b "$HTTP/redirect-to?status=302&url=/echo&read=1"
--post303 -L -d a=b "$HTTP/redirect-to?status=303&url=/echo&read=1"
-L -d a=b "$HTTP/redirect-to?status=301&url=/echo&read=1"
-L -d a=b "$HTTP/redirect-to?status=302&url=/echo&read=1"
-L -d a=b "$HTTP/redirect-to?status=303&url=/echo&read=1"
-L -d a=b "$HTTP/redirect-to?status=307&url=/echo&read=1"
-L -X PUT -d a=b "$HTTP/redirect-to?status=302&url=/echo&read=1"
--url-query a=b $HTTP/echo
--url-query "a=b c" --url-query +d=e%20f $HTTP/echo
--url-query a@data.txt "$HTTP/echo?x=y"
--url-query a=b -d c=d $HTTP/echo
`;

const FORMS = `
-F a=b $HTTP/echo
-F a=b -F c=d $HTTP/echo
-F a= $HTTP/echo
-F =b $HTTP/echo
-F "a=b c; d" $HTTP/echo
-F 'a="b; c"' $HTTP/echo
-F "a=b;type=text/html" $HTTP/echo
-F "a=b;type=text/html; charset=utf-8" $HTTP/echo
-F "a=b;filename=c.txt" $HTTP/echo
-F "a=b;filename=c.bin;type=x/y" $HTTP/echo
-F file=@data.txt $HTTP/echo
-F file=@photo.png $HTTP/echo
-F file=@bin.dat $HTTP/echo
-F "file=@data.txt;type=text/x-log" $HTTP/echo
-F "file=@data.txt;filename=other.txt" $HTTP/echo
-F "file=@data.txt;type=a/b;filename=c;headers=X-Y: z" $HTTP/echo
-F 'file=@"data.txt";filename="a\\"b"' $HTTP/echo
-F 'file=@"with; semi.txt"' $HTTP/echo
-F file=@data.txt,photo.png $HTTP/echo
-F "file=@data.txt;type=a/b,photo.png" $HTTP/echo
-F "text=<data.txt" $HTTP/echo
-F "text=<form.html" $HTTP/echo
-F "text=<data.txt;type=text/x" $HTTP/echo
-F file=@- $HTTP/echo < data.txt
-F "file=@-;filename=x.txt" $HTTP/echo < data.txt
-F "text=<-" $HTTP/echo < data.txt
-F "a=b;headers=X-One: 1" $HTTP/echo
-F "a=b;headers=@headers.txt" $HTTP/echo
-F "a=b;headers=X-One: 1;headers=X-Two: 2" $HTTP/echo
-F "a=b;encoder=base64" $HTTP/echo
-F "file=@bin.dat;encoder=base64" $HTTP/echo
-F "text=<data.txt;encoder=quoted-printable" $HTTP/echo
-F "a=ä=;encoder=quoted-printable" $HTTP/echo
-F "a=b;encoder=7bit" $HTTP/echo
-F "=(;type=multipart/alternative" -F "=plain" -F "=<form.html;type=text/html" -F "=)" $HTTP/echo
-F "m=(" -F a=b -F c=@data.txt -F "=)" -F d=e $HTTP/echo
--form-string "a=@b;type=c" $HTTP/echo
--form-string "a=<b" -F c=d $HTTP/echo
-F 'a"b=c' $HTTP/echo
--form-escape -F 'a"b=c' $HTTP/echo
-F $'a\\nb=c' $HTTP/echo
-F $'a=line\\nline' $HTTP/echo
-F a=b -X PUT $HTTP/echo
-F a=b -H "Content-Type: multipart/mixed" $HTTP/echo
-F a=b $HTTP/echo $HTTP/echo
-F "file=@empty" $HTTP/echo
-F "ä=ö;filename=ü" $HTTP/echo
`;

const UPLOADS = `
-T data.txt $HTTP/upload
-T data.txt $HTTP/echo/
-T "with; semi.txt" $HTTP/folder/
-T data.txt "$HTTP/?a=b"
-T - $HTTP/upload < data.txt
-T . $HTTP/upload < data.txt
-T - -H "Transfer-Encoding:" -H "Content-Length: 17" $HTTP/upload < data.txt
-T data.txt -X POST $HTTP/echo
-T data.txt -H "Content-Type: text/plain" $HTTP/upload
-T data.txt -0 $HTTP/upload
-T "{data.txt,bin.dat}" $HTTP/echo/
-T data.txt $HTTP/upload -T bin.dat $HTTP/upload
-T large.txt $HTTP/sink
-T empty $HTTP/upload
-T data.txt -C 5 $HTTP/upload
-T data.txt -r 0-4 $HTTP/upload
-T data.txt -u user:pass --digest $HTTP/digest/user/pass
--upload-file data.txt $HTTP/upload
--crlf -T data.txt $HTTP/upload
`;

const REDIRECTS = `
$HTTP/redirect/1
-L $HTTP/redirect/1
-L $HTTP/redirect/3
--location $HTTP/redirect/1
-L --max-redirs 1 $HTTP/redirect/3
-L --max-redirs 0 $HTTP/redirect/1
-L --max-redirs -1 $HTTP/redirect/2
-L -u user:pass $HTTP/redirect/1
-L -u user:pass "$HTTP/redirect-to?url=http://localhost:$PORT/echo"
--location-trusted -u user:pass "$HTTP/redirect-to?url=http://localhost:$PORT/echo"
-L -H "X-A: b" -b c=d $HTTP/redirect/2
-L -I $HTTP/redirect/1
-L -X DELETE $HTTP/redirect/1
-L --proto-redir =https $HTTP/redirect/1
-L --proto =http "$HTTP/redirect-to?url=ftp://127.0.0.1:1/"
-L -T data.txt "$HTTP/redirect-to?status=307&url=/upload&read=1"
-L -F a=b "$HTTP/redirect-to?status=307&url=/echo&read=1"
-L "$HTTP/redirect-to?url=//127.0.0.1:$PORT/echo"
-L "$HTTP/redirect-to?url=?a=b"
`;

const AUTH = `
-u user:pass $HTTP/basic/user/pass
-u user:pass --basic $HTTP/basic/user/pass
-u "user:pa:ss" $HTTP/echo
-u "user:" $HTTP/echo
-u ":" $HTTP/echo
-u ":pass" $HTTP/echo
-u "ü:ä" $HTTP/echo
-u user:pass --digest $HTTP/digest/user/pass
-u user:pass --digest -d a=b $HTTP/digest/user/pass
-u user:pass --anyauth $HTTP/basic/user/pass
-u user:pass --anyauth $HTTP/digest/user/pass
-u user:pass --anyauth -d a=b $HTTP/digest/user/pass
-u user:pass --basic --digest $HTTP/basic/user/pass
-u user:pass --no-basic --digest $HTTP/digest/user/pass
-u user:wrong $HTTP/basic/user/pass
-n --netrc-file netrc $HTTP/echo
--netrc-file netrc $HTTP/echo
--netrc-optional --netrc-file netrc $HTTP/echo
--netrc-optional --netrc-file netrc -u a:b $HTTP/echo
--aws-sigv4 "aws:amz:eu-west-1:s3" -u key:secret $HTTP/echo
--oauth2-bearer token -u user:pass $HTTP/echo
--no-netrc $HTTP/echo
`;

const PROXIES = `
-x $PROXY $HTTP/echo
-x http://$PROXY $HTTP/echo
--proxy http://$PROXY -H "X-A: b" $HTTP/echo
-x http://user:pass@$PROXY $HTTP/echo
-x $PAUTH -U user:pass $HTTP/echo
-x $PAUTH -U user:pass --proxy-basic $HTTP/echo
-x $PAUTH -U user:pass --proxy-anyauth $HTTP/echo
-x $PROXY -p $HTTP/echo
-p -x $PROXY -H "X-A: b" --proxy-header "X-P: q" $HTTP/echo
-x $PROXY --proxy-header "X-P: q" $HTTP/echo
-x $PROXY -p --proxy-header "User-Agent: px" $HTTP/echo
-x $PROXY -p --suppress-connect-headers -i $HTTP/echo
-x $PROXY -d a=b $HTTP/echo
-x $PROXY -L $HTTP/redirect/1
-x $PROXY --noproxy 127.0.0.1 $HTTP/echo
-x $PROXY --noproxy "*" $HTTP/echo
-x $PROXY --noproxy example.com $HTTP/echo
-x "" $HTTP/echo
--proxy1.0 $PROXY -p $HTTP/echo
--proxy1.0 $PROXY $HTTP/echo
-x $PROXY --http1.0 $HTTP/echo
--socks5 $SOCKS $HTTP/echo
--socks5-hostname $SOCKS http://localhost:$PORT/echo
--socks4 $SOCKS $HTTP/echo
--socks4a $SOCKS http://localhost:$PORT/echo
-x socks5h://$SOCKS http://localhost:$PORT/echo
-x socks4://$SOCKS $HTTP/echo
--socks5 $SAUTH -U user:pass $HTTP/echo
--socks5 user:pass@$SAUTH --socks5-basic $HTTP/echo
--preproxy socks5://$SOCKS -x $PROXY $HTTP/echo
--preproxy socks5h://$SOCKS -x $PROXY -p $HTTP/echo
--resolve example.com:$PORT:127.0.0.1 http://example.com:$PORT/echo
--resolve "*:$PORT:127.0.0.1" http://any.example:$PORT/echo
--connect-to "example.com:80:127.0.0.1:$PORT" http://example.com/echo
--connect-to "::127.0.0.1:$PORT" http://example.com/echo
--connect-to "a.test:80:127.0.0.1:$PORT" --connect-to "b.test:80:127.0.0.1:$PORT" http://a.test/echo http://b.test/echo
--local-port 40000-60000 --interface 127.0.0.1 $HTTP/echo
`;

const PARSING = `
-sS $HTTP/small
-sSL $HTTP/redirect/1
-sXPOST $HTTP/echo
-sd a=b $HTTP/echo
-sda=b $HTTP/echo
-o/dev/null $HTTP/small
--no-location -L --no-location $HTTP/redirect/1
--get --no-get -d a=b $HTTP/echo
$HTTP/echo -d a=b -H "X-A: b"
-d a=b --next -X PUT -d c=d --next $HTTP/small
-d a=b $HTTP/echo --next -I $HTTP/small --next $HTTP/echo
-d a=b $HTTP/echo -: -X PUT -d c=d $HTTP/echo
-K config.cfg
-K config.cfg $HTTP/small
-K config.cfg --next -K config2.cfg
-K - $HTTP/small < config2.cfg
-Z $HTTP/echo?1 $HTTP/echo?2 $HTTP/echo?3
--fail-early $HTTP/small $HTTP/echo
-f $HTTP/status/404 $HTTP/small
--fail-with-body $HTTP/status/500
--retry 1 --retry-delay 1 $HTTP/status/503
-m 5 --connect-timeout 2.5 $HTTP/small
--limit-rate 100M -Y 1 -y 5 $HTTP/small
--max-filesize 10M --max-time 5 $HTTP/small
--tcp-nodelay --tcp-fastopen --keepalive-time 5 $HTTP/small
-4 --ipv4 $HTTP/small
--happy-eyeballs-timeout-ms 100 --no-buffer -N $HTTP/small
--http0.9 -k --cert-status $HTTP/small
--unix-socket $UNIX http://localhost/echo
`;

const FTP = `
$FTP/hello.txt
$FTP/dir/
$FTP/dir/a.txt
$FTP/
-l $FTP/dir/
-u user:pass $FTP/hello.txt
-u user:pass $FTP/dir/a.txt
-I $FTP/hello.txt
-r 0-4 $FTP/hello.txt
-C 3 $FTP/hello.txt
-B $FTP/hello.txt
"$FTP/hello.txt;type=a"
--ftp-method nocwd $FTP/dir/a.txt
--ftp-method singlecwd $FTP/dir/a.txt
--ftp-method multicwd $FTP/dir/a.txt
--disable-epsv $FTP/hello.txt
--no-epsv $FTP/hello.txt
--ftp-pasv $FTP/hello.txt
--ftp-skip-pasv-ip --disable-epsv $FTP/hello.txt
-Q "NOOP" $FTP/hello.txt
-Q "-NOOP" $FTP/hello.txt
-Q "+NOOP" $FTP/hello.txt
-Q "*FAIL" $FTP/hello.txt
-T data.txt $FTP/up.txt
-T data.txt $FTP/
-T data.txt -a $FTP/dir/a.txt
-T data.txt --ftp-create-dirs $FTP/new/er/up.txt
-T data.txt --crlf $FTP/up.txt
-T - $FTP/up.txt < data.txt
-R -o got.txt $FTP/hello.txt
-z 20200102 $FTP/hello.txt
--list-only -X "NLST -a" $FTP/dir/
-X "LIST -a" $FTP/dir/
--ftp-account acct -u user:pass $FTP/hello.txt
--max-filesize 5 $FTP/hello.txt
$FTP/none.txt
$FTP/hello.txt $FTP/dir/b.txt
-x $PROXY $FTP/hello.txt
-p -x $PROXY $FTP/hello.txt
--ftp-ssl-control $FTP/hello.txt
`;

const MAIL_AND_MORE = `
--mail-from a@x.test --mail-rcpt b@x.test -T mail.txt $SMTP
--mail-from a@x.test --mail-rcpt b@x.test --mail-rcpt c@x.test -T mail.txt $SMTP/client.test
--mail-from a@x.test --mail-rcpt b@x.test --mail-auth d@x.test -T mail.txt $SMTP
--mail-from a@x.test --mail-rcpt b@x.test --crlf -T mail.txt $SMTP
--mail-from a@x.test --mail-rcpt b@x.test -u user:pass -T mail.txt $SMTP
--mail-from a@x.test --mail-rcpt b@x.test -u user:pass --sasl-ir -T mail.txt $SMTP
--mail-from a@x.test --mail-rcpt b@x.test -u user:pass --login-options AUTH=LOGIN -T mail.txt $SMTP
--mail-from a@x.test --mail-rcpt b@x.test --mail-rcpt-allowfails -T - $SMTP < mail.txt
--mail-from a@x.test --mail-rcpt b@x.test -F "=text" -F "=@data.txt" -H "Subject: x" $SMTP
--mail-rcpt name $SMTP
--mail-rcpt list -X EXPN $SMTP
-X HELP $SMTP
-u user:pass $IMAP/INBOX
-u user:pass "$IMAP/INBOX;MAILINDEX=1"
-u user:pass --sasl-ir "$IMAP/INBOX;MAILINDEX=1"
-u user:pass -X "NOOP" $IMAP/INBOX
-u user:pass --sasl-authzid other "$IMAP/INBOX;MAILINDEX=1"
-u user:pass $POP3/
-u user:pass $POP3/1
-u user:pass --sasl-ir $POP3/1
-u user:pass -l $POP3/
-u user:pass -X "TOP 1 0" $POP3/
$DICT/d:hello
$DICT/m:hello:foldoc
$GOPHER/
$GOPHER/1/folder
-X OPTIONS $RTSP/media
-t XDISPLOC=a -t TTYPE=vt100 $TELNET < data.txt
`;

/** Commands whose bytes differ from those of the system's curl, with the reason. */
export const DIFFERENT: Readonly<Record<string, string>> = {
  "--url=$HTTP/small": "curl takes --name=value since 8.16",
  '-X "" $HTTP/echo -X GET': "curl refuses an empty method since 8.6",
  "-b a=b -b c=d $HTTP/cookies": "curl puts a blank after the semicolon since 8.18",
  '-d "" -d a=b $HTTP/echo': "curl puts no & after nothing since 8.6",
  "-d @nul.txt $HTTP/echo": "curl loses the rest of a line after a NUL before 8.7",
  '--url-query a@data.txt "$HTTP/echo?x=y"':
    "curl 7.88 has its URL parser write %xx in lower case; here no parser comes in between",
  '-T "with; semi.txt" $HTTP/folder/':
    "curl 7.88 has its URL parser write %xx in lower case; here no parser comes in between",
  '-T data.txt "$HTTP/?a=b"': "curl adds no file name to a URL with a query since 8.1",
  "-F $'a\\nb=c' $HTTP/echo": "curlew refuses line breaks in names that are sent (SECURITY.md)",
  "-d a=b --next -X PUT -d c=d --next $HTTP/small": "curl wants a URL before --next since 8.0",
};

const rows = (text: string) => text.split("\n").filter((line) => line !== "");

/** All commands. */
export const COMMANDS: readonly string[] = [
  URLS,
  METHODS,
  HEADERS,
  COOKIES,
  DATA,
  FORMS,
  UPLOADS,
  REDIRECTS,
  AUTH,
  PROXIES,
  PARSING,
  FTP,
  MAIL_AND_MORE,
].flatMap(rows);

/** Commands whose generated program sends other bytes than curl, with the reason. */
export const DIFFERENT_PROGRAM: Readonly<Record<string, string>> = {
  "-C - -o part.bin $HTTP/bytes/100": "it says that it leaves --continue-at out",
  "--retry 1 --retry-delay 1 $HTTP/status/503": "it says that it leaves --retry out",
};
