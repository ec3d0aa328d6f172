"""The evidence that the local rules weigh: words and phrases of up to three words, and what each speaks for.

Text is compared in lower case without apostrophes (`can't` is `cant`). Weight 1 hints, 2 speaks for, 3 decides unless
something contradicts, 5 outweighs a whole context, 7 is an exception that the rubric names. Own judgement, looked over
on public help-desk and bank questions.
"""

import hashlib
from functools import cache

Vocabulary = dict[str, dict[int, str]]

CATEGORY_EVIDENCE: Vocabulary = {
    "hardware_issue": {
        3: """
            overheating, overheats, overheat, overheated, npu, gpu, motherboard, ssd, hdd, hard drive, hard
            disk, hard disc, psu, power supply, cooling fan, fan noise, thermal, throttling, throttles, bsod,
            firmware, bios, uefi, docking station, broken screen, cracked screen, screen flickers, screen
            flickering, screen is black, black screen, dead pixel, dead pixels, swollen, paper jam, toner, wont
            turn on, not turning on, not turn on, wont boot, not charging, wont charge, does not charge, memory
            module, dimm, ecc errors, pcie, nvlink, hardware fault, hardware failure, hardware issue, garam ho,
            garam hota, charge nahi, chalu nahi, hardware is, bent pins, kernel driver, driver crash, driver
            version, npu driver, gpu driver, cooling, cooler, temperature sensor, spare part, spare parts,
            warranty claim, liquid damage, water damage, dropped it, display is dead, tower pc, pankha, battery
            khatam, screen toot, adaptor broken, adapter broken, broken adaptor, broken adapter
        """,
        2: """
            hardware, driver, drivers, laptop, laptops, printer, printers, monitor, monitors, keyboard,
            keyboards, mouse, headset, headsets, headphones, microphone, webcam, battery, charger, adapter,
            adaptor, dock, touchpad, hinge, usb, hdmi, displayport, router, scanner, device, devices,
            workstation, motor, sensor, sensors, battery drains, fan, fans, boot, boots, hot, smoke, smoking,
            burning smell, sparks, spark, beeping, beeps, speaker, speakers, projector, lcd, chip, accelerator,
            पंखा, बैटरी, लैपटॉप, प्रिंटर, स्क्रीन, कीबोर्ड, हार्डवेयर, चार्जर, गरम, temperature, temperatures,
            heats, heat, hinges, defect, faulty, defective, disks, ssds, led, leds, reboot, reboots, power
            button, noise, rattling, grinding, cracked, camera, टचपैड, माउस, केबल
        """,
        1: """
            screen, display, disk, ram, memory, cable, cables, port, ports, phone, tablet, computer, pc,
            desktop, machine, machines, rack, node, nodes, unit, replacement, physical, डिवाइस, मशीन, फोन
        """,
    },
    "software_issue": {
        7: """
            only when running, one program, one app, a single program, a single app, only your app, while your
            app, only with your, only in your
        """,
        3: """
            crash, crashes, crashing, bug, bugs, stack trace, exception, exceptions, segfault, log in, login,
            logins, log on, logon, sign in, signin, signing in, logging in, locked out, password, passwords,
            passcode, vpn, 2fa, mfa, otp, authenticator, sso, http 500, error 500, internal server error, 500
            error, 502, 503, 504, time out, times out, timed out, timeout, timeouts, cannot access, cant access,
            no access, unable to access, access denied, permission denied, access to, remote access, need
            access, request access, grant access, verify my identity, identity verification, verification code,
            wont let me, not syncing, does not sync, memory leak, freezes, frozen, hangs, blue screen after,
            regression, लॉगिन, पासवर्ड, क्रैश, ओटीपी, login nahi, open nahi, verify identity, verifying my
            identity, verify their identity, identity verified, identity checks, identity proofing, identity
            check, unable to connect, cannot connect, cant connect, unable to verify, admin rights, access
            rights, only when i, wont install, will not install, white screen, data corrupted, api key,
            permission error, not saving, wont save
        """,
        2: """
            app, apps, application, software, website, web site, web page, browser, chrome, server, servers,
            database, api, sdk, endpoint, webhook, dashboard, install, installation, installing, installer,
            uninstall, update, updated, upgrade, upgraded, outage, connectivity, disconnected, disconnects,
            disconnecting, network, wifi, wi fi, internet, dns, certificate, sync, outlook, excel, teams,
            sharepoint, email, emails, mailbox, access, permission, permissions, unlock, locked, credentials,
            username, pin, error, errors, not loading, wont load, does not load, not working, doesnt work, does
            not work, stopped working, not responding, wont open, unresponsive, verify, deploy, deployment,
            release, query, kaam nahi, chal nahi, ऐप, एप, सर्वर, वेबसाइट, त्रुटि, नेटवर्क, इंटरनेट, काम नहीं,
            खुल नहीं, एक्सेस, not work, will not work, wont work, verified, verification, unblock, reset my,
            connect, connecting, virtual machine, backup, backups, sandbox, sql, plugin, extension fails,
            duplicate records, notification, notifications, log, logs, latency, loads, loading, hang, freeze,
            crashed, rights, connection, offline, data leak, data breach, no internet
        """,
        1: """
            slow, load, page, screen, button, click, upload, download, file, files, folder, folders, link,
            account, data, export, import, version, script, code, configuration, setting, settings, save,
            saving, submit, identity, storage, notebook, calendar, form, report, field, fields, search
        """,
    },
    "model_quality": {
        5: """
            hallucinates, hallucinating, hallucinated, hallucination, hallucinations, model accuracy, output
            quality, wrong answer, wrong answers, model output, models output, model quality, model returns,
            model gives, model answers, wrong translation, wrong label, wrong labels, mislabels, mislabelled,
            misclassifies, misclassified, misclassify, model confuses, confidence score, confidence scores,
            prompt template, fine tuned, fine tuning, word error rate, factually wrong, factually incorrect,
            galat jawab, गलत जवाब, गलत उत्तर, गलत अनुवाद
        """,
        3: """
            inaccurate, accuracy, precision, chatbot, llm, ai, ocr, transcription, transcripts, transcribes,
            transcribe, summarises, summarizes, summarization, translation, translations, translates,
            embeddings, embedding, inference quality, biased, gibberish, nonsense, drift, eval, evaluation,
            benchmark score, checkpoint, classifier, recommendations, speech recognition, dialect, मॉडल, अनुवाद,
            एआई, the model, summariser, summarizer, sentiment model, ai tutor, ai assistant, recall of, recall
            dropped, and recall
        """,
        2: """
            model, models, answers, answer, predictions, prediction, prompt, prompts, responses, quality,
            quantized, quantised, quantization, training data, tokenizer, context window, made up, invents,
            invented, incorrect, repetitive, assistant, bot, summaries, sentiment, hallucinate
        """,
        1: """
            wrong, output, outputs, results, generated, generates, version, worse, जवाब, galat, गलत, language,
            languages, labels
        """,
    },
    "billing": {
        5: """
            double charged, charged twice, charged me twice, charged two times, deducted twice, billed twice,
            invoice, invoices, invoiced, refund, refunds, refunded, overcharged, chargeback, direct debit,
            credit note, billing, paisa kat, paise kat, पैसे कट, रिफंड, बिल, चालान
        """,
        3: """
            bill, bills, billed, charge, charged, charges, charging me, payment, payments, pay, paid, paying,
            price, prices, pricing, cost, costs, fee, fees, subscription, subscriptions, renewal, renew, gst,
            vat, tax, receipt, receipts, transaction, transactions, withdrawal, withdrawn, withdrew, atm, cash,
            exchange rate, transfer, transfers, transferred, money, deducted, debited, credited, discount,
            coupon, promo code, cashback, upi, emi, cod, wallet, top up, topup, topping up, topped up, bank,
            statement, how much, kitne, kitna paisa, paisa, paise, kharcha, भुगतान, पैसे, पैसा, रुपये, शुल्क,
            कीमत, सदस्यता, सब्सक्रिप्शन, जीएसटी, received my money, cheque, deposit, deposited, deposits,
            salary, didnt make, did not make, dont recognise, dont recognize, not recognise, not recognize
        """,
        2: """
            amount, balance, currency, exchange, purchase, purchased, bought, euro, pound, pounds, dollars, usd,
            inr, rs, rupees, plan, plans, free trial, trial, credits, debit, declined, pending, rate, seller,
            refunding, card payment, po number, bonus, funds, due date
        """,
        1: """
            card, cards, order, cancel, cancelled, offer, offers, october, monthly, annual, yearly
        """,
    },
    "other": {
        5: """
            feature request, purchase order, purchase requisition, new starter, new joiner, leaver, job opening,
            job openings, vacation, annual leave, directions to, do you say, do i say, working hours, opening
            hours, customer care, call centre, call center, contact number, be great if, dark mode, delivery
            address, phone number to, product information, store near, age limit, how old, purchase po, purchase
            request, new purchase, new delivery, office hours, paid time off, talk to agent, connect an agent,
            live agent, human agent, po attached, po for, attached po
        """,
        3: """
            procurement, procure, quotation, vendor, supplier, like to suggest, suggestion, feedback,
            partnership, demo, brochure, careers, training session, webinar, meeting, meetings, schedule,
            timesheet, time card, expense report, holiday, pto, do you support, do you have, do you offer, is it
            possible, please add, could you add, documentation, road map, roadmap, translate, hotel, hotels,
            flight, weather, recommend, delivery, delivered, deliver, shipped, shipping, dispatch, track, order
            status, where is my, supported, supports, countries, warehouse, stock, in stock, available,
            availability, franchise, distributor, thank you for, thanks for, change my address, personal
            details, personal information, my details, my address, starter, joiner, terminate, termination,
            transfer form, hr, relocation, seating, room, desk, suggest me, jaankari, जानकारी, सुझाव, डिलीवरी,
            ऑर्डर, po, newsletter, unsubscribe, certificate of, time off, cancel my order, cancel order,
            cancelled my order, order is cancelled
        """,
        2: """
            wish, idea, request, question, enquiry, inquiry, wondering, information, info, details, know,
            training, contact, office, appointment, visit, team lead, forward, contract, employee, age, buy,
            currencies, visa, mastercard, kab, milega, kahan, kaise, कब, कैसे, कहाँ, where can i, replacement
            card, lost or stolen
        """,
        1: """
            how, what, where, when, which, can i, could you, please, hello, thanks, order, product, products,
            new, need
        """,
    },
}

PRIORITY_EVIDENCE: Vocabulary = {
    "critical": {
        5: """
            data loss, lost data, data breach, security breach, leaked, data leak, ransomware, phishing, hacked,
            hacker, compromised, malware, caught fire, smoke, smoking, burning smell, sparks, electric shock,
            explosion, exploded, swollen, stolen, fraud, fraudulent, entire company, whole company, whole
            office, entire office, whole team, entire team, all users, all customers, all employees, every
            customer, every user, nobody can, no one can, production down, production is down, production
            outage, site is down, system is down, major outage, injury, life threatening, corrupted, sabka,
            sabhi, sev1, p1, company wide, dont recognise, dont recognize, didnt make, did not make, not from
            me, someone used, somebody used, आग, धुआं, धुआँ, धोखाधड़ी, चोरी, सभी ग्राहक, किसी का भी, nobody in,
            no one in, none of our, every machine, all machines, all stores, all branches, sab log, sab users,
            पूरा ऑफिस, सबका, on fire, fire alarm, danger, dangerous, did not authorise, did not authorize, didnt
            authorise, didnt authorize, without my permission, without my knowledge, without my consent, someone
            has access, someone stole, lost my card, card is lost, card got lost, card was lost, dont recall
            making, dont remember making, not remember making, been exposed, cloned my, unknown payment, unknown
            charge, unknown transaction, suspicious payment, suspicious transaction, suspicious transactions,
            suspicious charge, suspicious activity, be using my, is using my, has used my, else using my,
            unauthorised transaction, unauthorised payment, unauthorised charge, unauthorised access,
            unauthorized transaction, unauthorized payment, unauthorized charge, unauthorized access,
            unauthorised login, unauthorized login, all our staff, all staff, all of us, none of us, all our
            users, all our customers, all our stores, entire department, whole department
        """,
        3: """
            everyone, everybody, emergency, breach, losing money, down for, outage, wiped, critical,
            unauthorised, unauthorized
        """,
        2: """
            safety, security, immediately, vulnerability, hundreds, thousands, exposed, deleted
        """,
    },
    "high": {
        4: """
            cannot work, cant work, unable to work, blocked, blocker, blocking, locked out, urgent, urgently,
            asap, wont turn on, not turning on, not turn on, wont boot, wont start, cannot log, cant log, unable
            to log, cannot login, cant login, unable to login, cannot access, cant access, unable to access,
            wont let me, stopped working, not working, doesnt work, does not work, dead, charged twice, double
            charged, billed twice, deducted twice, paisa kat, paise kat, showstopper, high priority, crash,
            crashes, crashed, crashing, wont open, not responding, kaam nahi, login nahi, chalu nahi, jaldi,
            तुरंत, जल्दी, काम नहीं, पैसे कट, बंद, cannot start, since morning, cannot print, cant print, will
            not start, will not work, wont work, importance high, high importance, nobody at, no one at, blocks,
            lost my phone, lost my laptop, do not recognise, do not recognize
        """,
        2: """
            cannot, cant, unable, failed, fails, fail, failing, failure, denied, declined, wont, broken,
            missing, refused, down, never arrived, overheats, overheating, hallucinates, disappeared, complaint,
            important, nahi, नहीं, today, lost, deadline, stuck, offline, production
        """,
    },
    "medium": {
        2: """
            slow, slowly, slower, sometimes, intermittent, intermittently, occasionally, workaround, work
            around, degraded, error, errors, warning, issue, issues, problem, problems, wrong, incorrect,
            inaccurate, delayed, delay, flickers, flickering, noisy, noise, mismatch, timeout, bug, drops,
            keeps, again, not received, pending, dikkat, samasya, गलत, समस्या, दिक्कत, धीमा, extra fee, reset,
            unlock, access, refund
        """,
    },
    "low": {
        4: """
            feature request, would be nice, would be great, typo, cosmetic, no rush, no hurry, not urgent, low
            priority, when you have, whenever you, suggestion, wish, wondering, curious, minor, thank you for,
            nice to have, dark mode, just asking, sirf poochna
        """,
        2: """
            how do, how can, how much, how many, how long, how to, what is, what are, which, where can, where
            do, can i, can you tell, do you, is it possible, is there, would like, question, enquiry, inquiry,
            information, please add, could you add, new starter, new joiner, quotation, purchase order, demo,
            brochure, idea, when is, kaise, kya, कैसे, क्या, जानकारी, feedback, documentation
        """,
    },
}


@cache
def vocabulary_version() -> str:
    """Changes with every word: an answer by other words is another answer, also to the cache."""
    return hashlib.sha256(repr((CATEGORY_EVIDENCE, PRIORITY_EVIDENCE)).encode()).hexdigest()[:16]
